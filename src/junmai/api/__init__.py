"""REST, WebSocket, server-sent events and the page's files: thin routes over the controller."""
