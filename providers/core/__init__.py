"""What all adapters share: values, conversations, errors. No Django, clock or settings; transport.py and network.py open sockets."""
