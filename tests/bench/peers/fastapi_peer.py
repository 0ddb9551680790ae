"""The peer on FastAPI and asyncpg: the service of a user, read with the same statement and behind the same check."""

import hashlib
import hmac
import json
import os
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
from fastapi import FastAPI, HTTPException, Request, Response

STATEMENT = Path(__file__).with_name("service.sql").read_text()
_, TOKEN_ID, SECRET = os.environ["PEER_TOKEN"].split("_", 2)
DIGESTS = {TOKEN_ID: hashlib.sha256(SECRET.encode()).digest()}


async def decode_json(connection: asyncpg.Connection) -> None:
    await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")


@asynccontextmanager
async def lifespan(app: FastAPI):
    async with asyncpg.create_pool(os.environ["PEER_DATABASE_URL"], min_size=5, max_size=5, init=decode_json) as pool:
        app.state.pool = pool
        yield


app = FastAPI(lifespan=lifespan)


def check_token(request: Request) -> None:
    parts = request.headers.get("authorization", "").removeprefix("Bearer ").split("_", 2)
    digest = hashlib.sha256(parts[-1].encode()).digest()
    if len(parts) != 3 or not hmac.compare_digest(DIGESTS.get(parts[1], b""), digest):
        raise HTTPException(401)


def calls_from(row: asyncpg.Record) -> str:
    if row["any_caller"]:
        return "All calls"
    flags = [
        name
        for name, holds in (
            ("Private", row["include_anonymous_callers"]),
            ("Unavailable", row["include_unavailable_callers"]),
        )
        if holds
    ]
    callers = [*row["phone_numbers"], *flags]
    return ", ".join(callers[:3]) + ("..." if len(callers) > 3 else "")


def criteria(row: asyncpg.Record) -> dict:
    shown = {
        "name": row["name"],
        "active": row["active"],
        "callsFrom": calls_from(row),
        "doNotPerformAction": row["do_not_perform_action"],
        "fromDnCriteria": {
            "selection": "Any" if row["any_caller"] else "Specified Only",
            "includeAnonymousCallers": row["include_anonymous_callers"],
            "includeUnavailableCallers": row["include_unavailable_callers"],
            "phoneNumbers": row["phone_numbers"],
        },
    }
    if row["schedule"] is not None:
        level = "User" if row["user_id"] else "Group" if row["group_id"] else "Tenant"
        shown["timeSchedule"] = {"level": level, "name": row["schedule"], "type": "Time"}
    return shown


@app.get("/api/v1/tenants/{tenant}/groups/{group}/users/{user}/services/selective_call_acceptance/")
async def view(tenant: str, group: str, user: str, request: Request, response: Response):
    check_token(request)
    rows = await request.app.state.pool.fetch(STATEMENT, tenant, group, user)
    if not rows:
        raise HTTPException(404)
    response.headers["ETag"] = f'"{rows[0]["revision"]}"'
    return {"criteria": [criteria(row) for row in rows if row["name"] is not None]}
