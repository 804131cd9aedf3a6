"""The drivers benchmark's worker for asyncpg, on uvloop: see worker.mjs, whose commands it takes."""

import asyncio
import datetime
import hashlib
import json
import resource
import sys
import time

import asyncpg
import uvloop


class Session:
    def __init__(self, target, mode, job):
        self.target = {key: target[key] for key in ("host", "port", "user", "password", "database")}
        self.mode = mode
        self.job = job
        self.rows = [tuple(job["row"])] * job["count"] if "row" in job else []
        self.locks = []

    async def open(self):
        size = self.mode["connections"]
        self.pool = None
        if self.mode["pool"]:
            self.pool = await asyncpg.create_pool(min_size=size, max_size=size, ssl=False, **self.target)
            return
        self.connections = [await asyncpg.connect(ssl=False, **self.target) for _ in range(size)]
        # asyncpg refuses a second query while one runs, so that callers of one connection take turns.
        self.locks = [asyncio.Lock() for _ in range(size)]

    def parameters(self, n):
        specs = self.job["parameters"]
        return [spec["value"] if "value" in spec else n % spec["cycleTo"] + 1 for spec in specs]

    async def fetch(self, sql, parameters, caller):
        if self.pool is not None:
            return await self.pool.fetch(sql, *parameters)
        index = caller % len(self.connections)
        if self.mode["callers"] == self.mode["connections"]:
            return await self.connections[index].fetch(sql, *parameters)
        async with self.locks[index]:
            return await self.connections[index].fetch(sql, *parameters)

    async def once(self, n, caller=0):
        job = self.job
        kind = job["kind"]
        if kind == "fetch":
            return await self.fetch(job["sql"], self.parameters(n), caller)
        if kind == "connect":
            fresh = await asyncpg.connect(ssl=False, **self.target)
            rows = await fresh.fetch(job["sql"])
            await fresh.close()
            return rows
        connection = self.connections[caller % len(self.connections)]
        if kind == "batch":
            await connection.executemany(job["sql"], self.rows)
            return len(self.rows)
        if kind in ("copy", "bulk"):
            # Copying records is also its fastest way to insert many rows.
            names = [column["name"] for column in job["columns"]]
            await connection.copy_records_to_table(job["table"], records=self.rows, columns=names)
            return len(self.rows)
        count = 0
        async with connection.transaction():
            async for row in connection.cursor(job["sql"], prefetch=1000):
                if row["id"] > 0:
                    count += 1
        return count

    async def check(self):
        job = self.job
        if job["kind"] in ("fetch", "connect"):
            rows = await self.once(0)
        else:
            done = await self.once(0)
            if job["kind"] == "stream":
                rows = [[done]]
            else:
                names = ", ".join(column["name"] for column in job["columns"])
                rows = await self.fetch(f"select count(*)::int, {names} from {job['table']} group by {names}", [], 0)
        return {"digest": self.digest(rows), "rows": len(rows)}

    def digest(self, rows):
        json_columns = self.job.get("jsonColumns", [])
        plain = [
            [plain_of(json.loads(value) if i in json_columns else value) for i, value in enumerate(row)]
            for row in rows
        ]
        text = json.dumps(plain, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    async def run(self, ms):
        latencies = []
        state = {"n": 0, "rows": 0}
        begin = time.perf_counter()
        end = begin + ms / 1000
        cpu = time.process_time()

        async def loop(caller):
            while True:
                start = time.perf_counter()
                n = state["n"]
                state["n"] += 1
                result = await self.once(n, caller)
                now = time.perf_counter()
                latencies.append((now - start) * 1000)
                state["rows"] += result if isinstance(result, int) else len(result)
                if now >= end:
                    return

        await asyncio.gather(*(loop(caller) for caller in range(self.mode["callers"])))
        elapsed = (time.perf_counter() - begin) * 1000
        used = (time.process_time() - cpu) * 1e6
        latencies.sort()
        at = lambda share: latencies[min(len(latencies) - 1, int(len(latencies) * share))]
        return {
            "queries": len(latencies),
            "rows": state["rows"],
            "ms": elapsed,
            "cpuUs": used / len(latencies),
            "p50": at(0.5),
            "p99": at(0.99),
            "rssMb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        }


def plain_of(value):
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, bytes):
        # "char" comes as bytes of one letter from asyncpg.
        return value.decode() if len(value) == 1 else value.hex()
    if isinstance(value, datetime.datetime):
        text = value.astimezone(datetime.timezone.utc).isoformat(timespec="milliseconds")
        return text.replace("+00:00", "Z")
    if isinstance(value, (list, tuple)):
        return [plain_of(item) for item in value]
    if isinstance(value, dict):
        return [[key, plain_of(value[key])] for key in sorted(value)]
    return str(value)


async def main():
    session = None
    loop = asyncio.get_running_loop()
    while True:
        line = await loop.run_in_executor(None, sys.stdin.readline)
        if not line:
            break
        command = json.loads(line)
        try:
            if command["do"] == "open":
                session = Session(command["target"], command["mode"], command["case"])
                await session.open()
                answer = {"version": asyncpg.__version__}
            elif command["do"] == "check":
                answer = await session.check()
            else:
                answer = await session.run(command["ms"])
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


uvloop.install()
asyncio.run(main())
