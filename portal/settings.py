"""Settings. Everything an operator may set is an environment variable named here."""

import os
from pathlib import Path
from typing import Any

from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from portal.local import connection as local
from portal.local.secret import secret_key
from portal.local.state import LocalError, state_dir

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = state_dir()

PRODUCTION = os.environ.get("PERUSE_PRODUCTION") == "1"
DEBUG = False
SECRET_KEY = secret_key()
# Keys used before, newest first, apart by spaces: what they sealed can still be opened.
SECRET_KEY_FALLBACKS = os.environ.get("PERUSE_SECRET_KEY_FALLBACKS", "").split()

# --- Addresses ----------------------------------------------------------------------------------
PERUSE_DOMAIN = os.environ.get("PERUSE_DOMAIN", "peruse.localhost")
PERUSE_SCHEME = "https" if PRODUCTION else "http"
PERUSE_PORT = os.environ.get("PERUSE_PORT", "" if PRODUCTION else "8000")
PERUSE_CONSOLE_PORT = os.environ.get("PERUSE_CONSOLE_PORT", "" if PRODUCTION else "8001")
PERUSE_CONSOLE_HOST = f"console.{PERUSE_DOMAIN}"
PERUSE_PUBLIC_HOSTS = frozenset({PERUSE_DOMAIN, PERUSE_CONSOLE_HOST})
ALLOWED_HOSTS = [PERUSE_DOMAIN, f".{PERUSE_DOMAIN}"]

# Whom people of a suspended company write to.
PERUSE_SUPPORT_EMAIL = os.environ.get("PERUSE_SUPPORT_EMAIL", f"support@{PERUSE_DOMAIN}")
# Where usage is sent: a suspended company's is stored too.
PERUSE_INTAKE_PATHS = frozenset({"/api/v1/events", "/api/v1/telemetry"})

# --- Applications -------------------------------------------------------------------------------
SHARED_APPS = [
    "apps.tenancy",
    "django_tenants",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.admin.apps.SimpleAdminConfig",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.usersessions",
    "django_htmx",
    "template_partials",
    "django_tables2",
    "django_filters",
    "lucide",
    "rest_framework",
    "drf_spectacular",
    "csp",
    "apps.common",
    "apps.events",
    "apps.accounts",
    "apps.payments",
    "apps.subscriptions",
    "apps.networks",
    "apps.assets",
    "apps.contracts",
    "apps.metering",
    "apps.billing",
    "apps.settlement",
    "apps.supply",
    "apps.reporting",
    "apps.notifications",
    "apps.console",
    "apps.blueprints",
    "apps.demo",
]
TENANT_APPS = ["apps.telemetry"]
INSTALLED_APPS = [*SHARED_APPS, *TENANT_APPS]
# The demo has a page that leads through its story.
DEMO = os.environ.get("PERUSE_DEMO") == "1"
CONSOLE = os.environ.get("PERUSE_PROCESS") == "console"
if CONSOLE:
    # Unfold stands before the admin it dresses; only the console process knows it.
    INSTALLED_APPS = ["unfold", *INSTALLED_APPS]

TENANT_MODEL = "tenancy.Company"
TENANT_DOMAIN_MODEL = "tenancy.Hostname"
AUTH_USER_MODEL = "accounts.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Database -----------------------------------------------------------------------------------
# PERUSE_LOGIN: "app" may only become peruse_app; "ops" (platform worker, console, migrations) may
# become peruse_owner and peruse_platform too.
try:
    _parameters = local.parameters(
        os.environ.get("PERUSE_LOGIN", "app"), os.environ.get("PERUSE_DATABASE")
    )
except LocalError as _error:
    # Checks and `--help` work without a server; a query will say what is missing.
    _parameters = {"NAME": "peruse", "HOST": str(STATE_DIR / "no-server-yet"), "USER": "nobody"}
DATABASES = {
    "default": {
        "ENGINE": "apps.tenancy.backend",
        "ATOMIC_REQUESTS": True,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        **_parameters,
        "OPTIONS": {"connect_timeout": 5, **_parameters.get("OPTIONS", {})},
    }
}
# Where pg_dump and pg_restore lie; they must be as new as the server.
PG_PROGRAMS = local.programs_folder()
DATABASE_ROUTERS = ["django_tenants.routers.TenantSyncRouter"]

# --- Requests -----------------------------------------------------------------------------------
ROOT_URLCONF = "portal.urls_console" if CONSOLE else "portal.urls"
PUBLIC_SCHEMA_URLCONF = "portal.urls_console" if CONSOLE else "portal.urls_public"
WSGI_APPLICATION = "portal.wsgi.application"
MIDDLEWARE = [
    "apps.tenancy.requests.RequestMiddleware",
    "apps.tenancy.middleware.DatabaseErrorsMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "apps.tenancy.headers.HeadersMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "apps.tenancy.middleware.CompanyMiddleware",
    "apps.accounts.middleware.HostSessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "apps.accounts.middleware.PersonMiddleware",
    "apps.subscriptions.middleware.StandingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "csp.context_processors.nonce",
                "apps.accounts.context_processors.portal",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
INSTALLED_APPS.append("django.forms")

# --- Sessions, cookies, headers -----------------------------------------------------------------
# Host-only cookies. Browsers take `Secure` cookies from *.localhost over plain HTTP too.
SESSION_COOKIE_NAME = "__Host-session"
SESSION_COOKIE_SECURE = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_AGE = 12 * 3600
CSRF_COOKIE_NAME = "__Host-csrf"
CSRF_COOKIE_SECURE = True
CSRF_FAILURE_VIEW = "apps.accounts.views.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = PRODUCTION
SECURE_HSTS_PRELOAD = PRODUCTION
# A proxy whose headers are believed: how the request came, and its name in the log.
BEHIND_PROXY = os.environ.get("PERUSE_BEHIND_PROXY") == "1"
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# How many of our own proxies a request passes; so many entries of X-Forwarded-For are believed.
PERUSE_PROXIES = int(
    os.environ.get("PERUSE_PROXIES", "1" if os.environ.get("PERUSE_BEHIND_PROXY") == "1" else "0")
)
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'", f"*.{PERUSE_DOMAIN}:*", f"{PERUSE_DOMAIN}:*"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
        "manifest-src": ["'self'"],
        "object-src": ["'none'"],
        "report-uri": "/policy-reports/",
    }
}

if CONSOLE:
    # Unfold's widgets evaluate expressions and set styles; the portal's own policy stays strict.
    company = MIDDLEWARE.index("apps.tenancy.middleware.CompanyMiddleware")
    MIDDLEWARE.insert(company, "apps.console.middleware.ConsoleMiddleware")
    CONTENT_SECURITY_POLICY["DIRECTIVES"] |= {
        "script-src": ["'self'", "'unsafe-eval'", "'unsafe-inline'"],
        "style-src": ["'self'", "'unsafe-inline'"],
    }
    SESSION_COOKIE_AGE = 2 * 3600
    FORMAT_MODULE_PATH = "apps.console.formats"
    UNFOLD = {
        "SITE_TITLE": _("Peruse console"),
        "SITE_HEADER": "Peruse",
        "SITE_SUBHEADER": _("Operations, times in UTC"),
        "SITE_SYMBOL": "monitoring",
        "SHOW_HISTORY": False,
        "SHOW_VIEW_ON_SITE": False,
        "SHOW_LANGUAGES": False,
        # The portal's green, light to dark.
        "COLORS": {
            "primary": {
                "50": "#f0fdfa",
                "100": "#ccfbf1",
                "200": "#99f6e4",
                "300": "#5eead4",
                "400": "#2dd4bf",
                "500": "#0d9488",
                "600": "#0f766e",
                "700": "#115e59",
                "800": "#134e4a",
                "900": "#0f3f3c",
                "950": "#042f2e",
            }
        },
        "STYLES": ["apps.console.navigation.styles"],
        "SIDEBAR": {"show_search": True, "navigation": "apps.console.navigation.sidebar"},
    }

# --- People -------------------------------------------------------------------------------------
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "apps.accounts.adapter.AccountAdapter"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_LOGOUT_ON_GET = False
# Who approves money, manages a company or operates the platform must have a second factor. `off` is
# for the demo and for tests of other things; `check --deploy` says so aloud.
PERUSE_MFA = os.environ.get("PERUSE_MFA", "off" if DEMO else "on") != "off"
# allauth counts in each process's cache; ours are in the database (`apps.accounts.limits`).
ACCOUNT_RATE_LIMITS: Any = False
MFA_RATE_LIMITS: Any = False
ACCOUNT_FORMS = {"reset_password": "apps.accounts.forms.ForgottenPasswordForm"}
# How long a sign-in or a confirmation counts for what asks for one.
ACCOUNT_REAUTHENTICATION_TIMEOUT = int(os.environ.get("PERUSE_CONFIRMED_SECONDS", "300"))
MFA_ADAPTER = "apps.accounts.adapter.FactorAdapter"
MFA_SUPPORTED_TYPES = ["recovery_codes", "totp", "webauthn"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_ISSUER = "Peruse"
# Clocks may differ by half a minute; each code counts once (`spend_code`).
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_DIGITS = 10
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_FORMS = {
    "authenticate": "apps.accounts.factor_forms.SecondStepForm",
    "reauthenticate": "apps.accounts.factor_forms.CodeForm",
    "activate_totp": "apps.accounts.factor_forms.AppForm",
    "add_webauthn": "apps.accounts.passkey_forms.NewPasskeyForm",
    "edit_webauthn": "apps.accounts.passkey_forms.PasskeyNameForm",
    "login_webauthn": "apps.accounts.passkey_forms.PasskeySignInForm",
    "authenticate_webauthn": "apps.accounts.passkey_forms.PasskeyStepForm",
    "reauthenticate_webauthn": "apps.accounts.passkey_forms.PasskeyConfirmationForm",
}
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/companies/"
ACCOUNT_LOGOUT_REDIRECT_URL = "/sign-in/"

# --- Languages, time, numbers -------------------------------------------------------------------
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_COOKIE_NAME = "__Host-language"
LANGUAGE_COOKIE_SECURE = True
USE_TZ = True
TIME_ZONE = "UTC"

# --- Payments -----------------------------------------------------------------------------------
# Without a key nobody pays online. STRIPE_API_BASE names another server than Stripe's own: the fake.
STRIPE_API_KEY = os.environ.get("STRIPE_API_KEY", "")
STRIPE_API_BASE = os.environ.get("STRIPE_API_BASE", "")
# Signing secrets of the webhook endpoints, apart by spaces: two while one is being replaced.
STRIPE_WEBHOOK_SECRETS = os.environ.get("STRIPE_WEBHOOK_SECRET", "").split()

# --- The operator -------------------------------------------------------------------------------
# Who runs this installation: on the imprint, and for the tax on its own fees (standard rate in percent).
PERUSE_OPERATOR = {
    "name": os.environ.get("PERUSE_OPERATOR_NAME", "Peruse"),
    "country": os.environ.get("PERUSE_OPERATOR_COUNTRY", "DE"),
    "vat": os.environ.get("PERUSE_OPERATOR_VAT", "19"),
    "currency": os.environ.get("PERUSE_OPERATOR_CURRENCY", "EUR"),
    # With it the EU's register gives a number for each question about a VAT id.
    "vat_id": os.environ.get("PERUSE_OPERATOR_VAT_ID", ""),
    # A folder with imprint.txt and privacy.txt, in other languages imprint.de.txt; blank lines part paragraphs.
    "texts": os.environ.get("PERUSE_OPERATOR_TEXTS", ""),
}

# Where VAT ids are shown to the EU's register: https://ec.europa.eu/taxation_customs/vies/rest-api/check-vat-number
# Empty: nobody is asked, and only form and check digit count.
PERUSE_VIES = os.environ.get("PERUSE_VIES", "")
# Days from a company's wish to leave until its data is erased.
PERUSE_LEAVING_DAYS = max(1, int(os.environ.get("PERUSE_LEAVING_DAYS", "30")))

# --- Webhooks to others -------------------------------------------------------------------------
# Ports a company's endpoint may have.
PERUSE_WEBHOOK_PORTS = [
    int(text) for text in os.environ.get("PERUSE_WEBHOOK_PORTS", "443 8443").split()
]
# For tests and trials on one machine: http to loopback, and nowhere else without TLS.
PERUSE_WEBHOOKS_TO_LOOPBACK = (
    os.environ.get("PERUSE_WEBHOOKS_TO_LOOPBACK") == "1" and not PRODUCTION
)

# --- Files --------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = STATE_DIR / "static"
STATICFILES_DIRS: list[Path | tuple[str, Path]] = [BASE_DIR / "static"]
if (BASE_DIR / "docs" / "pictures").is_dir():
    # What the public site shows of the demo.
    STATICFILES_DIRS.append(("pictures", BASE_DIR / "docs" / "pictures"))
if (STATE_DIR / "frontend").is_dir():
    STATICFILES_DIRS.append(STATE_DIR / "frontend")
MEDIA_ROOT = Path(os.environ.get("PERUSE_FILES", STATE_DIR / "files"))
STORAGES = {
    "default": {"BACKEND": "apps.common.storage.WholeFiles"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
        if os.environ.get("PERUSE_STATIC") == "collected"
        else "django.contrib.staticfiles.storage.StaticFilesStorage"
    },
}
WHITENOISE_USE_FINDERS = os.environ.get("PERUSE_STATIC") != "collected"

# The heads of the audit chains: on another disk than the database, where one can.
PERUSE_KEEPS_HEADS = os.environ.get("PERUSE_LOGIN") == "ops" and not CONSOLE
PERUSE_AUDIT_HEADS = Path(os.environ.get("PERUSE_AUDIT_HEADS", STATE_DIR / "audit-heads.json"))

# --- Mail ---------------------------------------------------------------------------------------
EMAIL_BACKEND = os.environ.get(
    "PERUSE_EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend"
)
# Of the backend that writes mails into files.
EMAIL_FILE_PATH = os.environ.get("PERUSE_MAIL_FOLDER", STATE_DIR / "mails")
EMAIL_HOST = os.environ.get("PERUSE_MAIL_HOST", "localhost")
EMAIL_PORT = int(os.environ.get("PERUSE_MAIL_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("PERUSE_MAIL_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("PERUSE_MAIL_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("PERUSE_MAIL_TLS") == "1"
# Shorter than a job's lease: a server that hangs must not make a mail look abandoned.
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = os.environ.get("PERUSE_MAIL_FROM", f"portal@{PERUSE_DOMAIN}")

# --- Cache --------------------------------------------------------------------------------------
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if os.environ.get("PERUSE_CACHE_URL"):
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["PERUSE_CACHE_URL"],
    }

# --- Celery -------------------------------------------------------------------------------------
CELERY_BROKER_URL = local.broker_url()
CELERY_BROKER_TRANSPORT_OPTIONS = local.broker_options()
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_DEFAULT_QUEUE = "company"
CELERY_DB_REUSE_MAX = 1000
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BEAT_SCHEDULE_FILENAME = str(STATE_DIR / "beat-schedule")
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BEAT_SCHEDULE = {
    "sweep": {"task": "peruse.sweep", "schedule": 10.0, "options": {"queue": "platform"}},
    "webhooks": {
        "task": "peruse.route_webhooks", "schedule": 10.0, "options": {"queue": "platform"},
    },
    "sign-ups": {
        "task": "peruse.set_up_companies", "schedule": 15.0, "options": {"queue": "platform"},
    },
    "departures": {
        "task": "peruse.erase_companies", "schedule": 60.0, "options": {"queue": "platform"},
    },
    "fan-out": {"task": "peruse.fan_out", "schedule": 60.0, "options": {"queue": "platform"}},
    "seal": {"task": "peruse.seal_audit", "schedule": 60.0, "options": {"queue": "platform"}},
    "verify": {
        "task": "peruse.verify_audit", "schedule": crontab(hour="2", minute="40"),
        "options": {"queue": "platform"},
    },
    "seal-operator": {
        "task": "peruse.seal_operator", "schedule": 60.0, "options": {"queue": "platform"},
    },
    "verify-operator": {
        "task": "peruse.verify_operator", "schedule": crontab(hour="2", minute="50"),
        "options": {"queue": "platform"},
    },
}  # fmt: skip

# --- API ----------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["apps.accounts.api.KeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["apps.accounts.api.HasScope"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "apps.accounts.api.problem_details",
    "COERCE_DECIMAL_TO_STRING": True,
}
# Requests a second that one key may send to one process.
PERUSE_REQUESTS_PER_SECOND = float(os.environ.get("PERUSE_REQUESTS_PER_SECOND", "250"))
SPECTACULAR_SETTINGS = {"TITLE": "Peruse", "VERSION": "1", "SERVE_INCLUDE_SCHEMA": False}

# --- Logs ---------------------------------------------------------------------------------------
# "json" for programs, "lines" for people.
PERUSE_LOG_FORMAT = os.environ.get("PERUSE_LOG_FORMAT", "json" if PRODUCTION else "lines")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "lines": {"()": "apps.accounts.logs.Lines"},
        "json": {"()": "apps.accounts.logs.JsonLines"},
    },
    "filters": {"mask": {"()": "apps.accounts.logs.MaskSecrets"}},
    "handlers": {
        "stream": {
            "class": "logging.StreamHandler",
            "formatter": PERUSE_LOG_FORMAT,
            "filters": ["mask"],
        }
    },
    "root": {"handlers": ["stream"], "level": os.environ.get("PERUSE_LOG_LEVEL", "INFO")},
    # They tell each step of each document.
    "loggers": {name: {"level": "WARNING"} for name in ("factur-x", "fontTools", "weasyprint")},
}
SILENCED_SYSTEM_CHECKS = ["account.W001"]
