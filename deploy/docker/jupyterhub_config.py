# What the container adds to the file that `gatehouse client add jupyterhub --template jupyterhub` printed.
c = get_config()  # noqa: F821
load_subconfig("/config/jupyterhub_config.py")  # noqa: F821

c.JupyterHub.bind_url = "http://0.0.0.0:8000"
# Everybody's notebooks run as the user of this container, without walls between them: for trying things out.
# Elsewhere use DockerSpawner, KubeSpawner or accounts of the system (docs/quickstart.md).
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "/home/hub/{username}"
