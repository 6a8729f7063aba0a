"""Services outside that a parser may ask: one describes pictures, one hears speech."""
