"""The bridge as a child process: its program, the Node.js that runs it, and the codes to link with that it shows."""
