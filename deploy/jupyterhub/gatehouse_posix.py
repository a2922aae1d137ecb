def as_their_account(spawner, auth_state):
    """Start a server with the uid and the gids that Gatehouse has of its person (the scope posix), and none without."""
    person = (auth_state or {}).get("oauth_user", {})
    uid, gid, gids = (person.get(name) for name in ("uid", "gid", "gids"))
    if not uid or not gid:
        refuse(spawner, f"{spawner.user.name} has no uid in Gatehouse (users.uid)")
    kinds = {kind.__name__ for kind in type(spawner).__mro__}
    if "KubeSpawner" in kinds:
        spawner.uid, spawner.gid, spawner.fs_gid, spawner.supplemental_gids = uid, gid, gid, gids
    elif "DockerSpawner" in kinds:  # the images of Jupyter begin as root, and become that
        spawner.extra_create_kwargs = {**spawner.extra_create_kwargs, "user": "root"}
        spawner.environment = {**spawner.environment, "NB_USER": spawner.user.name, "NB_UID": str(uid), "NB_GID": str(gid)}
    else:  # SystemdSpawner and others take the account of the machine
        account(spawner, person)


def account(spawner, person):
    """Make the account on this machine, or see that it has the same uid."""
    import grp
    import pwd
    import subprocess

    name, uid, gid = spawner.user.name, person["uid"], person["gid"]
    numbers = [gid, *person["gids"]]
    for number in numbers:
        try:
            grp.getgrgid(number)
        except KeyError:
            own = number == uid
            subprocess.run(["groupadd", "--gid", str(number), "--", name if own else f"gatehouse{number}"], check=True)
    groups = ",".join(str(number) for number in person["gids"])
    try:
        found = pwd.getpwnam(name)
    except KeyError:
        subprocess.run(["useradd", "--uid", str(uid), "--gid", str(gid), "--groups", groups, "--create-home",
                        "--home-dir", person["home"], "--shell", person["shell"], "--", name], check=True)
        return
    if found.pw_uid != uid:
        refuse(spawner, f"{name} is uid {found.pw_uid} on this machine and {uid} in Gatehouse: usermod --uid, or users.uid")
    if groups:
        subprocess.run(["usermod", "--append", "--groups", groups, "--", name], check=True)


def refuse(spawner, why):
    """Not start the server, and say why on the page."""
    spawner.log.error(why)
    problem = RuntimeError(why)
    problem.jupyterhub_message = why
    raise problem
