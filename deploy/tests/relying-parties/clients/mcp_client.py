"""An MCP client with the Python SDK: signs in, uses a tool, refreshes, uses it again. Prints what it gets, a line of JSON each.

    mcp_client.py SERVER REDIRECT_URI [CLIENT_ID_METADATA_DOCUMENT]
"""
import asyncio
import json
import sys
from urllib.parse import parse_qs, urlsplit

import httpx2
from mcp import ClientSession
from mcp.client.auth import AuthorizationCodeResult, OAuthClientProvider
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.auth import OAuthClientMetadata

server, redirect_uri, *document = sys.argv[1:]


def say(**what: object) -> None:
    print(json.dumps(what), flush=True)


class Memory:
    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens
        say(tokens=tokens.model_dump())

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client
        say(client_id=client.client_id)


arrived: asyncio.Future[dict] = asyncio.Future


async def listen() -> None:
    """Takes the browser that comes back with a code, or an error."""
    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readline()).decode().split()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nYou can close this page.")
        await writer.drain()
        writer.close()
        query = {name: values[0] for name, values in parse_qs(urlsplit(line[1]).query).items()}
        if "state" in query and not arrived.done():
            arrived.set_result(query)
    at = urlsplit(redirect_uri)
    await asyncio.start_server(take, at.hostname, at.port)


async def came_back() -> AuthorizationCodeResult:
    query = await arrived
    if "error" in query:
        say(error=query["error"])
        raise SystemExit(0)
    return AuthorizationCodeResult(code=query["code"], state=query.get("state"), iss=query.get("iss"))


async def open_browser(url: str) -> None:
    say(open=url)


async def main() -> None:
    global arrived
    arrived = asyncio.get_running_loop().create_future()
    await listen()
    auth = OAuthClientProvider(server, OAuthClientMetadata(client_name="Assistant", redirect_uris=[redirect_uri],
        grant_types=["authorization_code", "refresh_token"], token_endpoint_auth_method="none"), Memory(), open_browser, came_back,
        client_metadata_url=document[0] if document else None)
    async with httpx2.AsyncClient(auth=auth, follow_redirects=True) as http:
        async with streamable_http_client(server, http_client=http) as streams, ClientSession(*streams[:2]) as session:
            await session.initialize()
            say(tools=[tool.name for tool in (await session.list_tools()).tools])
            say(says=(await session.call_tool("who_am_i", {})).content[0].text)
            auth.context.token_expiry_time = 1  # so that it refreshes
            say(says=(await session.call_tool("who_am_i", {})).content[0].text)


asyncio.run(main())
