"""The answers of the pretend Garmin for sign-in, profile and failures."""

from typing import Any

from simulator.garmin.athletes import Athlete

SIGN_IN_PAGE = "<!DOCTYPE html><html><head><title>GARMIN Authentication Application</title></head><body></body></html>"
CHALLENGE_PAGE = (
    "<!DOCTYPE html><html lang='en-US'><head><title>Just a moment...</title></head>"
    "<body><h1>sso.garmin.com</h1><p>Checking if the site connection is secure</p></body></html>"
)
NOT_ACTIVE = {"message": "Token is not active"}
REASONS = {
    400: ("HTTP 400 Bad Request", "BadRequestException"),
    403: ("HTTP 403 Forbidden", "ForbiddenException"),
    404: ("HTTP 404 Not Found", "NotFoundException"),
    429: ("HTTP 429 Too Many Requests", "TooManyRequestsException"),
    503: ("HTTP 503 Service Unavailable", "ServiceUnavailableException"),
}


def failure(status: int) -> dict[str, Any]:
    """Return the body of a refused data request."""
    if status == 401:
        return dict(NOT_ACTIVE)
    message, error = REASONS.get(status, (f"HTTP {status} Internal Server Error", "InternalServerErrorException"))
    return {"message": message, "error": error}


def no_tokens(status: int) -> dict[str, Any]:
    """Return the body of a refused refresh: 400 and 401 mean that the token is invalid, others may be temporary."""
    return {"error": "invalid_grant" if status in (400, 401) else "temporarily_unavailable"}


def signed_in(ticket: str, service: str) -> dict[str, Any]:
    """Return the answer to a successful sign-in."""
    return _sign_in("SUCCESSFUL", "", "OK") | {
        "serviceURL": service,
        "serviceTicketId": ticket,
        "authType": "CAS",
    }


def code_wanted(email: str) -> dict[str, Any]:
    """Return the answer to a sign-in that needs the code sent by e-mail."""
    name, _, domain = email.partition("@")
    customer = {
        "email": f"{name[:1]}*****@{domain}",
        "phoneNumber": None,
        "mfaLastMethodUsed": "email",
        "defaultMfaMethod": None,
        "mfaUISetting": {
            "allowPhoneOption": True,
            "allowAddEmailAddress": False,
            "chooseDifferentWayShown": False,
        },
    }
    return _sign_in("MFA_REQUIRED", "", "OK") | {"customerMfaInfo": customer, "consentTypeList": []}


def wrong_password() -> dict[str, Any]:
    """Return the answer to a wrong password or an unknown e-mail address; it is the same for both."""
    return _sign_in("INVALID_USERNAME_PASSWORD", "generalLoginInvalidUsernameOrPassword", "UNAUTHORIZED")


def wrong_code() -> dict[str, Any]:
    return _sign_in("MFA_CODE_INVALID", "mfaCodeInvalid", "UNAUTHORIZED")


def sign_in_expired() -> dict[str, Any]:
    return _sign_in("SESSION_EXPIRED", "sessionExpired", "UNAUTHORIZED")


def _sign_in(kind: str, message: str, status: str) -> dict[str, Any]:
    return {
        "serviceURL": None,
        "serviceTicketId": None,
        "responseStatus": {"type": kind, "message": message, "httpStatus": status},
        "responseReason": None,
        "customerMfaInfo": None,
        "consentTypeList": None,
        "captchaAlreadyPassed": False,
        "samlResponse": None,
        "authType": None,
    }


def social_profile(athlete: Athlete) -> dict[str, Any]:
    """Return the profile of the account's owner."""
    picture = f"https://images.example/{athlete.display_name}.png"
    return {
        "id": athlete.garmin_id,
        "profileId": athlete.garmin_id,
        "garminGUID": athlete.display_name,
        "displayName": athlete.display_name,
        "fullName": athlete.name,
        "userName": athlete.email,
        "profileImageType": "UPLOADED_PHOTO",
        "profileImageUrlLarge": picture,
        "profileImageUrlMedium": picture,
        "profileImageUrlSmall": picture,
        "location": athlete.owner.town,
        "primaryActivity": None,
        "favoriteActivityTypes": [],
        "profileVisibility": "private",
        "activityStartVisibility": "private",
        "activityMapVisibility": "private",
        "userRoles": ["SCOPE_CONNECT_READ", "SCOPE_CONNECT_WRITE", "ROLE_CONNECTUSER", "ROLE_FITNESS_USER"],
        "nameApproved": True,
        "userProfileFullName": athlete.name,
        "userLevel": 3,
        "userPoint": 118,
        "userPro": False,
    }


def user_settings(athlete: Athlete) -> dict[str, Any]:
    """Return the account's units and body data. Tests use the latter to show that we do not store it."""
    return {
        "id": athlete.garmin_id,
        "userData": {
            "gender": "FEMALE",
            "weight": 66000.0,
            "height": 172.0,
            "timeFormat": "time_twenty_four_hr",
            "birthDate": "1988-04-12",
            "measurementSystem": "metric",
            "firstDayOfWeek": {"dayId": 3, "dayName": "monday", "sortOrder": 3, "isPossibleFirstDay": True},
            "vo2MaxRunning": 46.0,
            "vo2MaxCycling": 48.0,
            "intensityMinutesCalcMethod": "AUTO",
            "moderateIntensityMinutesHrZone": 3,
            "vigorousIntensityMinutesHrZone": 4,
        },
        "userSleep": {"sleepTime": 82_800, "defaultSleepTime": False, "wakeTime": 24_600, "defaultWakeTime": False},
        "connectDate": None,
        "sourceType": None,
    }
