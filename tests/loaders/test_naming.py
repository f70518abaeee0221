"""Names follow the Segment rule: the examples of its package and what each step adds."""

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from loaders.naming import NAMINGS, RUDDERSTACK, column_name, snake_case, table_name


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Signed Up", "signed_up"),
        ("signedUp", "signed_up"),
        ("anonymousId", "anonymous_id"),
        ("UserID", "user_id"),
        ("HTTPServer", "httpserver"),
        ("HTTPRequestURL", "httprequest_url"),
        ("XMLHttpRequest", "xmlhttp_request"),
        ("ABTest", "abtest"),
        ("iPhone Model", "i_phone_model"),
        ("eCommerce", "e_commerce"),
        ("productSKU", "product_sku"),
        ("OrderID2", "order_id2"),
        ("omega v2", "omega_v2"),
        ("V2", "v2"),
        ("test123", "test123"),
        ("abc123def456", "abc123def456"),
        ("CamelCase123Key", "camel_case123_key"),
        ("a1B2", "a1_b2"),
        ("isISO8601", "is_iso8601"),
        ("9mega", "9mega"),
        ("1CComega", "1ccomega"),
        ("2FA Enabled", "2fa_enabled"),
        ("3rd Party", "3rd_party"),
        ("_5TEst", "5test"),
        ("$revenue", "revenue"),
        ("_private", "private"),
        ("__timestamp", "timestamp"),
        ("double__under", "double_under"),
        ("first-name", "first_name"),
        ("first.name", "first_name"),
        ("user's name", "user_s_name"),
        ("Total (USD)", "total_usd"),
        ("path to $1,00,000", "path_to_1_00_000"),
        ("Cízǔ", "c_z"),
        ("Größe", "gr_e"),
        ("日本語", ""),
        ("@#$%", ""),
        ("🎉 Party", "party"),
        ("  spaced  out  ", "spaced_out"),
        ("UPPER_SNAKE", "upper_snake"),
        ("mixed_CaseKey", "mixed_case_key"),
        ("order", "order"),
        ("trailing_", "trailing"),
    ],
)
def test_names_become_snake_case(name: str, expected: str) -> None:
    assert snake_case(name) == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        (("2FA Enabled",), "_2fa_enabled"),
        (("order",), "_order"),
        (("a", "b", "cD"), "a_b_c_d"),
        (("order", "id"), "order_id"),
        (("x" * 200,), "x" * 127),
        (("日本",), ""),
    ],
)
def test_a_column_is_named_by_its_whole_path(path: tuple[str, ...], expected: str) -> None:
    assert column_name(path) == expected


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ("Users", "_users"),
        ("Tracks", "_tracks"),
        ("Select", "_select"),
        ("3rd Party", "_3rd_party"),
        ("!", ""),
    ],
)
def test_an_event_table_never_takes_a_name_that_is_taken(event: str, expected: str) -> None:
    assert table_name(event) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Signed Up", "signed_up"),
        ("UserID", "user_id"),
        ("HTTPServer", "http_server"),
        ("HTTPRequestURL", "http_request_url"),
        ("XMLHttpRequest", "xml_http_request"),
        ("ABTest", "ab_test"),
        ("iPhone Model", "i_phone_model"),
        ("eCommerce", "e_commerce"),
        ("productSKU", "product_sku"),
        ("OrderID2", "order_id2"),
        ("omega v2", "omega_v2"),
        ("V2", "v2"),
        ("test123", "test123"),
        ("abc123def456", "abc123_def456"),
        ("CamelCase123Key", "camel_case123_key"),
        ("a1B2", "a1_b2"),
        ("isISO8601", "is_iso8601"),
        ("9mega", "_9mega"),
        ("1CComega", "_1cc_omega"),
        ("2FA Enabled", "_2fa_enabled"),
        ("3rd Party", "_3rd_party"),
        ("_5TEst", "_5te_st"),
        ("$revenue", "revenue"),
        ("_private", "_private"),
        ("__timestamp", "__timestamp"),
        ("double__under", "double_under"),
        ("first-name", "first_name"),
        ("user's name", "user_s_name"),
        ("Total (USD)", "total_usd"),
        ("path to $1,00,000", "path_to_1_00_000"),
        ("Cízǔ", "c_z"),
        ("Größe", "gr_e"),
        ("日本語", ""),
        ("_日本", ""),
        ("🎉 Party", "party"),
        ("  spaced  out  ", "spaced_out"),
        ("UPPER_SNAKE", "upper_snake"),
        ("mixed_CaseKey", "mixed_case_key"),
        ("order", "_order"),
        ("select", "_select"),
        ("trailing_", "_trailing"),
    ],
)
def test_a_source_may_have_the_names_of_rudderstack(name: str, expected: str) -> None:
    assert RUDDERSTACK.column_name((name,)) == expected


def test_under_rudderstack_a_system_table_is_not_taken_either() -> None:
    assert RUDDERSTACK.table_name("Users") == "_users"


EXAMPLES = ["HTTPServer", "abc123def456", "1CComega", "_5TEst", "__a", "日本語", "___", ""]


@pytest.mark.parametrize("word", NAMINGS)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.lists(st.text("abABZ019_ -éß", max_size=12), min_size=20))
def test_a_rule_is_the_same_in_the_warehouse(word: str, texts: list[str]) -> None:
    naming, names = NAMINGS[word], [*EXAMPLES, *texts]
    with duckdb.connect() as connection:
        connection.register("names", pa.table({"name": names}))
        rows = connection.execute(f"select {naming.snake_case_sql('name')} from names").fetchall()
    assert [name for (name,) in rows] == [naming.snake_case(name) for name in names]
