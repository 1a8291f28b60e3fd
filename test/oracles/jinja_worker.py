"""Renders templates in Jinja2, without and with its sandbox, and tells what they reach. Reads lines of JSON from stdin, each a template, and writes a
line for each. Only for a jail: see jail.ts."""

import json
import os
import signal
import sys

import jinja2
import jinja2.sandbox

SECONDS = 2
MEMORY = 512 << 20
#: What no sandbox lets through, besides names that begin with an underscore (jinja2/sandbox.py).
INNER = {
    *("mro func_globals func_code func_closure func_defaults gi_frame gi_code cr_frame cr_code ag_frame ag_code".split()),
    *("f_globals f_locals f_builtins f_back tb_frame tb_next im_class im_func im_self".split()),
}
reached = []
watching = False


def audit(event, args):
    # Jinja makes the frames of its own errors from code of the template's name.
    if watching and event in AUDITED and not (event == "exec" and "<template>" in str(args)):
        reached.append(f"{event} {str(args)[:80]}")


AUDITED = {"open", "exec", "os.system", "os.exec", "os.fork", "os.posix_spawn", "subprocess.Popen", "socket.connect", "import"}


class Watched:
    """Notes the attributes that templates read, whatever leads to them."""

    def getattr(self, obj, attribute):
        return self.note(obj, attribute, super().getattr(obj, attribute))

    def getitem(self, obj, argument):
        return self.note(obj, argument, super().getitem(obj, argument))

    def note(self, obj, name, value):
        if isinstance(name, str) and (name.startswith("_") or name in INNER) and not isinstance(value, jinja2.Undefined):
            if not (isinstance(obj, dict) and name in obj):
                reached.append(f"{type(obj).__name__}.{name}")
        return value


class Open(Watched, jinja2.Environment):
    pass


class Sandboxed(Watched, jinja2.sandbox.SandboxedEnvironment):
    pass


class Object:
    """A value with attributes, as a loader may hand over."""

    def __init__(self):
        self.content = "text"
        self.role = "user"


def values():
    return {
        "messages": [
            {"role": "system", "content": "be brief", "tool_calls": []},
            {"role": "user", "content": [{"type": "text", "text": "__class__"}]},
            {"role": "assistant", "content": "__init__ %c", "name": "__globals__"},
        ],
        "tools": [{"function": {"name": "f", "parameters": {"a": 1}}}],
        "x": Object(),
        "bos_token": "<s>",
        "eos_token": "</s>",
        "add_generation_prompt": True,
        "evil": "__class__",
    }


def fail(text):
    raise jinja2.TemplateError(text)


def render(make, text):
    global watching
    reached.clear()
    environment = make(trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"])
    environment.globals.update(raise_exception=fail, strftime_now=lambda form: form)
    try:
        template = environment.from_string(text)
        watching = True
        out = template.render(**values())
        end = f"rendered {len(out)}"
    except jinja2.sandbox.SecurityError as error:
        reached.append(f"SecurityError {error}")
        end = "refused"
    except jinja2.TemplateSyntaxError as error:
        end = f"syntax: {error}"
    except Exception as error:
        end = f"{type(error).__name__}: {error}"
    watching = False
    return end[:200], list(reached)[:5]


def apart(text):
    receive, send = os.pipe()
    child = os.fork()
    if child == 0:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        signal.alarm(SECONDS)
        end, inside = render(Open, text)
        safe_end, refused = render(Sandboxed, text)
        os.write(send, json.dumps({"end": end, "sandbox": safe_end, "reached": inside + refused}).encode())
        os._exit(0)
    os.close(send)
    with os.fdopen(receive, "rb") as pipe:
        answer = pipe.read()
    _, status = os.waitpid(child, 0)
    if status != 0 or answer == b"":
        return {"end": f"ended with {status}", "sandbox": "", "reached": ["too long, or too much memory"]}
    return json.loads(answer)


def main():
    sys.addaudithook(audit)
    # What the first rendering imports is imported before.
    render(Open, "{{ messages|tojson }}{% for m in messages|map(attribute='role')|list %}{{ m }}{% endfor %}{{ x|dictsort }}")
    for line in sys.stdin:
        print(json.dumps(apart(json.loads(line))), flush=True)


main()
