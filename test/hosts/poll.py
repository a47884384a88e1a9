"""Asks the application ten times a second and prints status and body, until nobody reads that any more."""

import http.client
import time

while True:
    connection = http.client.HTTPConnection("127.0.0.1", 4001, timeout=0.5)
    try:
        connection.request("GET", "/health")
        response = connection.getresponse()
        said = f"{response.status} {response.read().decode()}"
    except OSError as e:
        said = f"0 {e}"
    except http.client.HTTPException as e:
        said = f"0 {e!r}"
    connection.close()
    print(said, flush=True)
    time.sleep(0.1)
