"""PDF files: characters to lines, lines to reading order, tables and blocks; scans by OCR."""
