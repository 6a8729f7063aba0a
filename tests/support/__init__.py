"""What tests share: clients, scripted servers, files made for tests."""
