"""The pages: try, review, queue, vocabulary, quality; rendered here, changed through the service's own API."""
