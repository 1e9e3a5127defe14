"""The application as the web server takes it: settings from the environment, warmed up once for each process."""

from clinic.app import create_app, warm_up

app = create_app()
warm_up(app)
