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
    """No error in the browser's console, and nobody but the master was asked for anything."""
    said = page.complaints()
    expect(not said, "the browser complains: %s" % said)
    foreign = [one for one in page.asked() if not one.startswith("http://%s/" % master.at) and not one.startswith("data:")]
    expect(not foreign, "asked for elsewhere: %s" % foreign)


def call(master, method, params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    with urllib.request.urlopen("http://%s/rpc" % master.at, body, timeout=30) as answer:
        return json.load(answer)


def what_happens_is_shown(world):
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
        expect(not page.eval("!document.getElementById('nobody').hidden"), "nobody is said to be there")

        # It runs until it is interrupted, so the page has all the time that it needs.
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


def it_comes_back_after_its_master(world):
    master = world.master()
    with Browser() as page:
        page.open("http://%s/" % master.at)
        page.until_text("#link", "live")
        master.signal(signal.SIGKILL)
        page.until_text("#link", "trying again")
        world.master(at="127.0.0.1:%d" % master.port)
        page.until_text("#link", "live")


def keys_are_enough(world):
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


def states_that_are_rare_here(world):
    """News that no small cluster has: looked at by people, and nothing may stick out of the window."""
    master = world.master()
    for name, news in (("one_node", one_node()), ("many_nodes", many_nodes(200))):
        with Browser() as page:
            page.fake("/events", event(news), EVENTS)
            page.open("http://%s/" % master.at)
            page.until_text("#nodes td.name", news["nodes"][0]["name"][:20])
            for colors in ("light", "dark"):
                page.look(colors, 1280, 900)
                # Charts follow the window a moment later.
                page.until("document.documentElement.scrollWidth <= 1280")
                shot(page, "%s_%s" % (name, colors), whole=True)
            page.look("dark", 420, 800)
            page.until("![...document.querySelectorAll('body *')].some(e => !e.closest('.scroll') && "
                       "e.getBoundingClientRect().right > 420)")
            shot(page, name + "_narrow", whole=True)


def a_few_calls_are_seen(world):
    """A second in which one call was answered has no line to be part of, and no two times of an axis read the same."""
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


def what_peers_say_is_text(world):
    """A node's name is not a part of the page's own code."""
    master = world.master()
    world.nodes(master, ["<img src=x onerror=alert(1)>"])
    with Browser() as page:
        page.open("http://%s/" % master.at)
        page.until_text("#nodes td.name", "<img src=x onerror=alert(1)>")
        expect(page.eval("document.querySelectorAll('img').length") == 0, "a name became an element")
        is_quiet(page, master)


def a_token_is_asked_for(world):
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
        page.until_text("#link", "this token is not the one")
        page.type(token)
        page.press("Enter")
        page.until_text("#nodes td.name", "desk")
        expect(page.eval("document.getElementById('ask').hidden"), "it still asks")
    with Browser() as page:
        page.guard("/events", event(one_node()), EVENTS, token)
        page.open("http://%s/#token=%s" % (master.at, token))
        page.until_text("#nodes td.name", "desk")
        expect(token not in page.eval("location.href"), "the token stays in the address")


def without_the_library_of_the_charts(world):
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
    main([what_happens_is_shown, it_comes_back_after_its_master, keys_are_enough, states_that_are_rare_here,
          a_few_calls_are_seen, what_peers_say_is_text, a_token_is_asked_for, without_the_library_of_the_charts])
