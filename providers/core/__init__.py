"""How any vendor is spoken to: values, conversations, errors. No Django, no clock, no settings; transport.py and fetch.py open sockets."""
