#!/usr/bin/env python3
"""The page of a real master in a real browser: nodes join and leave, a job runs, and the page shows it.

usage: browser.py PROGRAM [--shots FOLDER]
Skipped (77) where a part of the browser is missing. With --shots it leaves pictures for people to look at.
"""

import json
import os
import signal
import sys
import urllib.request

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, os.pardir, "processes"))

from support import expect, main, until  # noqa: E402
from driver import Browser, missing  # noqa: E402
from states import few_calls, many_nodes, one_node  # noqa: E402

SHOTS = None
if "--shots" in sys.argv:
    at = sys.argv.index("--shots")
    SHOTS = sys.argv[at + 1]
    del sys.argv[at:at + 2]
EVENTS = "text/event-stream"


def shot(page, name, whole=False):
    if SHOTS:
        page.shot(os.path.join(SHOTS, name + ".png"), whole)


def event(news):
    return "data: %s\n\n" % json.dumps(news)


def is_quiet(page, master):
    """No error in the browser's console, and only the master was contacted."""
    said = page.complaints()
    expect(not said, "the browser complains: %s" % said)
    foreign = [one for one in page.asked() if not one.startswith("http://%s/" % master.at) and not one.startswith("data:")]
    expect(not foreign, "asked for elsewhere: %s" % foreign)


def call(master, method, params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    with urllib.request.urlopen("http://%s/rpc" % master.at, body, timeout=30) as answer:
        return json.load(answer)


def page_shows_nodes_jobs_and_failures(world):
    master = world.master()
    with Browser() as page:
        page.open("http://%s/" % master.at)
        page.until_text("#link", "live")
        page.until_text("#nobody", "No node has joined")
        page.until_text("#join", "--join :%d" % master.port)
        shot(page, "empty")

        first = world.node(master, "first", "--label", "gpu=1", slots=2)
        world.node(master, "second", slots=2)
        page.until_text("#nodes td.name", "first")
        page.until_text("#nodes td.name", "second")
        page.until_text("#nodes td", "gpu=1")
        expect(not page.eval("!document.getElementById('nobody').hidden"), "the note that no node has joined is still shown")

        # It runs until it is interrupted, so that the page has enough time.
        job = world.job(master, "slow_sum", "100000", "20", world.path("ran"))
        page.until_text("#jobs td", "cluster_program")
        page.until_text("#fan-outs td.name", "map_reduce of Work.slow")
        page.until_text("#fan-outs td", "100,000")
        page.until_text("#fan-outs td", " %")
        page.until_text("#methods td.name", "Work.slow")
        page.until("!document.getElementById('timeline-part').hidden")
        page.until_text("#legend", "Work.slow")
        shot(page, "job", whole=True)
        job.signal(signal.SIGINT)
        job.ends(130)
        page.until("document.getElementById('jobs-part').hidden && document.getElementById('fan-outs-part').hidden")

        expect("error" in call(master, "Work.square", ["no number"]), "it takes a text for a number")
        page.until_text("#failures", "bad arguments")
        page.until_text("#failures", "Work.square")

        first.signal(signal.SIGTERM)
        first.ends(0)
        page.until_no_text("#nodes td.name", "first")
        page.until_text("#nodes td.name", "second")
        is_quiet(page, master)


def page_reconnects_after_a_restart_of_the_master(world):
    master = world.master()
    with Browser() as page:
        page.open("http://%s/" % master.at)
        page.until_text("#link", "live")
        master.signal(signal.SIGKILL)
        page.until_text("#link", "reconnecting")
        world.master(at="127.0.0.1:%d" % master.port)
        page.until_text("#link", "live")


def page_can_be_used_by_keyboard(world):
    master = world.master()
    world.nodes(master, ["left", "right"])
    with Browser() as page:
        page.open("http://%s/" % master.at)
        page.until_text("#nodes td.name", "left")
        page.press("Tab")
        page.press("Enter")
        page.until("document.activeElement.id === 'nodes-title'")
        page.press("Tab")
        page.until("document.activeElement.id === 'filter'")
        page.type("righ")
        page.until_no_text("#nodes td.name", "left")
        page.until_text("#nodes td.name", "right")
        page.press("Tab")
        page.until("document.activeElement.className === 'scroll'")


def rare_states_are_shown_without_overflow(world):
    """States that no small cluster reaches: for inspection by eye, and nothing may overflow the window."""
    master = world.master()
    for name, news in (("one_node", one_node()), ("many_nodes", many_nodes(200))):
        with Browser() as page:
            page.fake("/events", event(news), EVENTS)
            page.open("http://%s/" % master.at)
            page.until_text("#nodes td.name", news["nodes"][0]["name"][:20])
            for colors in ("light", "dark"):
                page.look(colors, 1280, 900)
                # Charts follow the window with a delay.
                page.until("document.documentElement.scrollWidth <= 1280")
                shot(page, "%s_%s" % (name, colors), whole=True)
            page.look("dark", 420, 800)
            page.until("![...document.querySelectorAll('body *')].some(e => !e.closest('.scroll') && "
                       "e.getBoundingClientRect().right > 420)")
            shot(page, name + "_narrow", whole=True)


def single_calls_are_visible(world):
    """A second with a single call has no line to be part of, and the labels of an axis must differ."""
    master = world.master()
    with Browser() as page:
        page.fake("/events", event(few_calls()), EVENTS)
        page.open("http://%s/" % master.at)
        page.until_text("#nodes td.name", "desk")
        page.until("Chart.getChart('time').data.datasets[0].data.length > 100")
        times = page.eval("Chart.getChart('time').scales.x.ticks.map(one => one.label)")
        expect(times == ["3 min ago", "2 min ago", "60 s ago", "now"], "the axis: %s" % times)
        points = page.eval("Chart.getChart('time').getDatasetMeta(0).data.filter(one => one.options.radius > 0).length")
        expect(points == 2, "%d points for two calls" % points)
        points = page.eval("Chart.getChart('rate').getDatasetMeta(0).data.filter(one => one.options.radius > 0).length")
        expect(points == 0, "%d points on a line" % points)
        shot(page, "few_calls", whole=True)


def text_from_peers_is_not_interpreted(world):
    """A node's name must not become part of the page's code."""
    master = world.master()
    world.nodes(master, ["<img src=x onerror=alert(1)>"])
    with Browser() as page:
        page.open("http://%s/" % master.at)
        page.until_text("#nodes td.name", "<img src=x onerror=alert(1)>")
        expect(page.eval("document.querySelectorAll('img').length") == 0, "a name became an element")
        is_quiet(page, master)


def page_asks_for_a_token(world):
    master = world.master()
    token = "0123456789abcdef"
    with Browser() as page:
        page.guard("/events", event(one_node()), EVENTS, token)
        page.open("http://%s/" % master.at)
        page.until("!document.getElementById('ask').hidden && document.activeElement.id === 'token'")
        expect(page.eval("document.getElementById('main').hidden"), "an empty page beside the question")
        shot(page, "token")
        page.type("nonsense")
        page.press("Enter")
        page.until_text("#link", "wrong token")
        page.type(token)
        page.press("Enter")
        page.until_text("#nodes td.name", "desk")
        expect(page.eval("document.getElementById('ask').hidden"), "it still asks")
    with Browser() as page:
        page.guard("/events", event(one_node()), EVENTS, token)
        page.open("http://%s/#token=%s" % (master.at, token))
        page.until_text("#nodes td.name", "desk")
        expect(token not in page.eval("location.href"), "the token stays in the address")


def page_works_without_the_chart_library(world):
    master = world.master()
    with Browser() as page:
        page.fake("/chart.js", "", "text/javascript")
        page.fake("/events", event(one_node()), EVENTS)
        page.open("http://%s/" % master.at)
        page.until_text("#nodes td.name", "desk")
        expect(page.eval("document.getElementById('charts').hidden"), "empty charts")
        expect(not page.complaints(), "it complains")


if __name__ == "__main__":
    if missing():
        print("skipped: no %s here; ./setup --tests installs it" % missing())
        sys.exit(77)
    main([page_shows_nodes_jobs_and_failures, page_reconnects_after_a_restart_of_the_master,
          page_can_be_used_by_keyboard, rare_states_are_shown_without_overflow, single_calls_are_visible,
          text_from_peers_is_not_interpreted, page_asks_for_a_token, page_works_without_the_chart_library])
