"""Compare the cost of a task that does nothing, on two workers of the same machine.

Kennel's tasks are shards of one record, computed by workers without a model; each lease and each
result is on the disk before it counts, which no other here promises. Its time is that of the whole
job: planning, leases, sockets, ledger, and the output in order. The others' is that of their calls
alone, with the workers up and warm.
"""
import logging
import os
import pathlib
import subprocess
import sys
import tempfile
import time

from side_by_side import JOBS, KENNEL, in_turn, options, table

WORKERS = 2
COLUMN = "tasks/s"


def nothing(number):
    """The task."""
    return number


def ray_tasks(count):
    """Ray's remote functions."""
    import ray

    ray.init(num_cpus=WORKERS, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    remote = ray.remote(nothing)

    def run():
        return ray.get([remote.remote(number) for number in range(count)])

    return run


def dask_tasks(count):
    """Dask's futures, on a scheduler and workers that are processes of their own."""
    import distributed

    cluster = distributed.LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, dashboard_address=None, silence_logs=logging.ERROR
    )
    client = distributed.Client(cluster)

    def run():
        return client.gather(client.map(nothing, range(count), pure=False))

    return run


def parsl_tasks(count):
    """Parsl's executor over ZeroMQ."""
    import parsl
    from parsl.config import Config
    from parsl.executors import HighThroughputExecutor
    from parsl.executors.high_throughput import executor as defaults
    from parsl.providers import LocalProvider

    provider = LocalProvider(init_blocks=1, max_blocks=1)
    # By this Python, not by what the path names.
    module = f"{sys.executable} -m parsl.executors.high_throughput."
    executor = HighThroughputExecutor(
        address="127.0.0.1",
        max_workers_per_node=WORKERS,
        provider=provider,
        launch_cmd=defaults.DEFAULT_LAUNCH_CMD.replace(
            "process_worker_pool.py", f"{module}process_worker_pool"
        ),
        interchange_launch_cmd=f"{module}interchange".split(),
    )
    place = tempfile.mkdtemp(prefix="parsl-")
    parsl.load(Config(executors=[executor], run_dir=place, strategy="none"))
    app = parsl.python_app(nothing)

    def run():
        return [future.result() for future in [app(number) for number in range(count)]]

    return run


class Cluster:
    """A coordinator and workers without a model."""

    def __init__(self, kennel, place):
        self.kennel, self.place = kennel, pathlib.Path(place)
        stub = pathlib.Path(kennel).with_name("kennel-stub-worker")
        listen = ["--state", self.place / "state", "--listen", "tcp://127.0.0.1:*"]
        self.processes = [self.start([kennel, "coordinator", *listen], "coordinator")]
        address = self.wait_for("coordinator", "tcp://").split("tcp://")[1].split()[0].rstrip(".,;")
        for number in range(WORKERS):
            words = [stub, "--coordinator", f"tcp://{address}", "--instance", f"stub{number}"]
            self.processes.append(self.start([*words, "--slots", "64"], f"stub{number}"))
            self.wait_for(f"stub{number}", "works for")

    def start(self, words, name):
        """A process whose words are kept."""
        log = open(self.place / name, "w", encoding="utf-8")
        return subprocess.Popen(list(map(str, words)), stdout=log, stderr=log)

    def wait_for(self, name, text):
        """The line of a log that holds the text."""
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            lines = (self.place / name).read_text(encoding="utf-8").splitlines()
            found = [line for line in lines if text in line]
            if found:
                return found[0]
            time.sleep(0.01)
        raise SystemExit(f"{name} did not say {text}")

    def stop(self):
        """Ends all of it."""
        for process in reversed(self.processes):
            process.kill()
            process.wait()


def kennel_tasks(kennel, count):
    """A job of so many records, a record a shard."""
    model = JOBS / "debian-sections" / "model"

    def run():
        # A disk, not memory: what is promised is that nothing is lost when the power goes.
        with tempfile.TemporaryDirectory(dir=os.environ.get("KENNEL_BENCH_DIR")) as place:
            records = f"{place}/records.jsonl"
            with open(records, "w", encoding="utf-8") as file:
                file.writelines("{}\n" for _ in range(count))
            cluster = Cluster(kennel, place)
            try:
                words = ["submit", records, "--model", model, "--output", f"{place}/answers"]
                words += ["--state", f"{place}/state", "--shard-records", 1, "--wait"]
                began = time.perf_counter()
                done = subprocess.run(
                    [kennel, *map(str, words)], capture_output=True, text=True, check=False
                )
                seconds = time.perf_counter() - began
            finally:
                cluster.stop()
            if done.returncode != 0:
                raise SystemExit(f"kennel submit ended with {done.returncode}: {done.stderr}")
            with open(f"{place}/answers", encoding="utf-8") as file:
                answers = sum(1 for _ in file)
            if answers != count:
                raise SystemExit(f"{answers} answers for {count} records")
            return seconds

    return run


def timed(work, count):
    """Tasks a second of a call that does so many."""

    def run():
        began = time.perf_counter()
        work()
        return {COLUMN: count / (time.perf_counter() - began)}

    return run


def main():
    def add(parser):
        parser.add_argument("--tasks", type=int, default=10_000, help="of others; default 10000")
        parser.add_argument("--shards", type=int, default=200_000, help="default 200000")

    chosen = options(__doc__, rounds=3, add=add)
    makers = {"Ray": ray_tasks, "Parsl, HTEX": parsl_tasks, "Dask": dask_tasks}
    contenders = {
        name: timed(make(chosen.tasks), chosen.tasks)
        for name, make in makers.items()
        if chosen.only in name
    }
    if chosen.kennel:
        name = f"{KENNEL}, each durable"
        work = kennel_tasks(chosen.kennel, chosen.shards)
        contenders[name] = lambda: {COLUMN: chosen.shards / work()}
    samples = in_turn(contenders, chosen)
    print(table(f"Empty tasks, {WORKERS} workers of one machine:", samples, [COLUMN]), flush=True)


if __name__ == "__main__":
    main()
