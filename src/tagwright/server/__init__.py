"""The service: projects behind HTTP. `served.Served` is one project for many threads, `app.create` the application."""
