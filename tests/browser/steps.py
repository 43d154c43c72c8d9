"""What a person does in the browser, in words."""

from playwright.sync_api import Page


def sign_in(page: Page, address: str, email: str, password: str) -> None:
    """Open a company's portal, be sent to the sign-in host, and come back signed in."""
    page.goto(address)
    if page.locator("input[type=password]").count() == 0:
        return
    page.locator("input[type=email], input[name=login]").first.fill(email)
    page.locator("input[type=password]").fill(password)
    page.locator("main button[type=submit], main form button").first.click()
    page.wait_for_url(address.rstrip("/") + "/**")
