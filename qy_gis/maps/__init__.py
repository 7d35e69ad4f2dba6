"""Pictures: one offline HTML page."""
