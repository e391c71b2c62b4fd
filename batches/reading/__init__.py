"""Files become rows of text: CSV, XLSX, JSON Lines. Pure: no Django, no clock, and never more than a few rows in memory."""
