def courses_of_gatehouse(c, courses, folder="/srv/courses"):
    """Let teachers see, start, stop and open the servers of their students, and give each server the folders of its person's courses.

    courses are (name, group of students, group of teachers). The folder of a course is what teachers write and students read.
    """
    for name, students, teachers in courses:
        c.JupyterHub.load_roles.append({
            "name": f"course-{name.lower()}-teachers", "description": f"Teachers of {name}",
            "scopes": ["admin-ui", *(f"{scope}!group={students}" for scope in (
                "list:users", "read:users:activity", "admin:servers", "access:servers"))],
            "groups": [teachers]})

    def with_folders(spawner):
        kinds = {kind.__name__ for kind in type(spawner).__mro__}
        groups = {group.name for group in spawner.user.groups}
        for name, students, teachers in courses:
            if not groups & {students, teachers}:
                continue
            path, writes = f"{folder}/{name}", teachers in groups
            if "KubeSpawner" in kinds:  # of a claim called courses, which every node can mount
                volume = {"name": "courses", "persistentVolumeClaim": {"claimName": "courses"}}
                spawner.volumes = [*(v for v in spawner.volumes if v != volume), volume]
                mount = {"name": "courses", "subPath": name, "mountPath": path, "readOnly": not writes}
                spawner.volume_mounts = [*(m for m in spawner.volume_mounts if m["mountPath"] != path), mount]
            elif "DockerSpawner" in kinds:
                spawner.volumes = {**spawner.volumes, path: {"bind": path, "mode": "rw" if writes else "ro"}}

    return with_folders
