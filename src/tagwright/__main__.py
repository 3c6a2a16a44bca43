"""``python -m tagwright`` is the command ``tagwright``."""

from tagwright.cli.main import run

if __name__ == "__main__":
    run()
