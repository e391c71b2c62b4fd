"""How any vendor is spoken to: values, conversations, errors. No Django, clock or settings; transport.py and network.py open sockets."""
