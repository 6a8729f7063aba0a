"""Word and PowerPoint files, walked through python-docx and python-pptx and their XML trees."""
