"""How requests leave: HTTP and files. Only these modules open connections or write files."""
