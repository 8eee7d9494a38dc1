#include "collector/normalize/families/modsecurity.h"

#include "collector/normalize/families/access_log.h"

static const struct meaning denied_request = {
	.action = {SLICE_BYTES("waf_request_denied")},
	.category = {ECS_WEB},
	.category2 = {ECS_INTRUSION_DETECTION},
	.type = {ECS_DENIED},
	.outcome = {ECS_FAILURE},
};
static const struct meaning matched_request = {
	.action = {SLICE_BYTES("waf_rule_matched")},
	.category = {ECS_WEB},
	.category2 = {ECS_INTRUSION_DETECTION},
	.type = {ECS_INFO},
};

/* The files of OWASP's Core Rule Set 3 and 4: the first three digits of a rule's number. */
static const struct {
	struct slice file, category;
} files[] = {
	{{SLICE_BYTES("911")}, {SLICE_BYTES("attack-generic")}},
	{{SLICE_BYTES("912")}, {SLICE_BYTES("attack-dos")}},
	{{SLICE_BYTES("913")}, {SLICE_BYTES("attack-reputation-scanner")}},
	{{SLICE_BYTES("920")}, {SLICE_BYTES("attack-protocol")}},
	{{SLICE_BYTES("921")}, {SLICE_BYTES("attack-protocol")}},
	{{SLICE_BYTES("922")}, {SLICE_BYTES("attack-multipart-header")}},
	{{SLICE_BYTES("930")}, {SLICE_BYTES("attack-lfi")}},
	{{SLICE_BYTES("931")}, {SLICE_BYTES("attack-rfi")}},
	{{SLICE_BYTES("932")}, {SLICE_BYTES("attack-rce")}},
	{{SLICE_BYTES("933")}, {SLICE_BYTES("attack-injection-php")}},
	{{SLICE_BYTES("934")}, {SLICE_BYTES("attack-injection-generic")}},
	{{SLICE_BYTES("941")}, {SLICE_BYTES("attack-xss")}},
	{{SLICE_BYTES("942")}, {SLICE_BYTES("attack-sqli")}},
	{{SLICE_BYTES("943")}, {SLICE_BYTES("attack-fixation")}},
	{{SLICE_BYTES("944")}, {SLICE_BYTES("attack-injection-java")}},
	{{SLICE_BYTES("949")}, {SLICE_BYTES("anomaly-evaluation")}},
	{{SLICE_BYTES("950")}, {SLICE_BYTES("attack-disclosure")}},
	{{SLICE_BYTES("951")}, {SLICE_BYTES("attack-disclosure")}},
	{{SLICE_BYTES("952")}, {SLICE_BYTES("attack-disclosure")}},
	{{SLICE_BYTES("953")}, {SLICE_BYTES("attack-disclosure")}},
	{{SLICE_BYTES("954")}, {SLICE_BYTES("attack-disclosure")}},
	{{SLICE_BYTES("955")}, {SLICE_BYTES("attack-webshell")}},
	{{SLICE_BYTES("959")}, {SLICE_BYTES("anomaly-evaluation")}},
	{{SLICE_BYTES("980")}, {SLICE_BYTES("anomaly-evaluation")}},
};

enum { CRS_DIGITS = 6 };

bool modsecurity_take_mark(struct slice *text)
{
	struct slice at = *text, client;

	if (skip_lit(&at, "[client ") && take_until(&at, ']', &client))
		skip_blanks(&at);
	if (!skip_lit(&at, "ModSecurity: "))
		return false;
	*text = at;
	return true;
}

void modsecurity_put_verdict(struct record *record, struct parse_context *context, bool denied)
{
	put_meaning(record, context, denied ? &denied_request : &matched_request);
}

void modsecurity_put_rule(struct record *record, struct parse_context *context, struct slice id)
{
	put_some(record, context, FIELD_RULE_ID, id);
	if (id.len != CRS_DIGITS || !all_digits(id))
		return;
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		if (slice_starts(id, files[i].file))
			put(record, context, FIELD_RULE_CATEGORY, files[i].category);
	}
}

/* Tags are the rule's author's; the category of a rule of OWASP's stands already. */
void modsecurity_put_tag(struct record *record, struct parse_context *context, struct slice tag)
{
	if (slice_starts(tag, SLICE_LIT("attack-")) &&
		slice_absent(record_get(record, FIELD_RULE_CATEGORY)))
		put(record, context, FIELD_RULE_CATEGORY, tag);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("waf_tag"), tag);
}

/* The web server knows better where the request was for. */
static void put_target(struct record *record, struct parse_context *context, struct slice name,
	struct slice value)
{
	if (slice_eq(name, SLICE_LIT("hostname")) &&
		slice_absent(record_get(record, FIELD_URL_DOMAIN)))
		put_some(record, context, FIELD_URL_DOMAIN, value);
	else if (slice_eq(name, SLICE_LIT("uri")) &&
		 slice_absent(record_get(record, FIELD_URL_ORIGINAL)))
		access_log_put_url(record, context, value);
}

static void put_named(struct record *record, struct parse_context *context, struct slice name,
	struct slice value)
{
	put_target(record, context, name, value);
	if (slice_eq(name, SLICE_LIT("id")))
		modsecurity_put_rule(record, context, value);
	else if (slice_eq(name, SLICE_LIT("msg")))
		put_some(record, context, FIELD_RULE_NAME, value);
	else if (slice_eq(name, SLICE_LIT("tag")))
		modsecurity_put_tag(record, context, value);
	else if (slice_eq(name, SLICE_LIT("ver")))
		put_some(record, context, FIELD_RULE_RULESET, value);
	else if (slice_eq(name, SLICE_LIT("rev")))
		put_some(record, context, FIELD_RULE_VERSION, value);
	else if (slice_eq(name, SLICE_LIT("unique_id")))
		put_some(record, context, FIELD_EVENT_ID, value);
	else if (slice_eq(name, SLICE_LIT("severity")))
		put_other(record, context, FIELD_OTHER, SLICE_LIT("waf_severity"), value);
	else if (slice_eq(name, SLICE_LIT("data")))
		put_other(record, context, FIELD_OTHER, SLICE_LIT("waf_data"), value);
}

/* "[id "942100"] " */
static bool take_pair(struct slice *rest, struct slice *name, struct slice *value)
{
	struct slice at = *rest;

	skip_blanks(&at);
	if (!skip_byte(&at, '[') || !take_until(&at, ' ', name) ||
		!access_log_take_quoted(&at, value) || !skip_byte(&at, ']'))
		return false;
	*rest = at;
	return true;
}

/* Where the pairs begin: all messages of rules have the file, or the number, first. */
static size_t pairs_at(struct slice text)
{
	size_t file = slice_search(text, SLICE_LIT(" [file \""));

	return file < text.len ? file : slice_search(text, SLICE_LIT(" [id \""));
}

void modsecurity_put(struct record *record, struct parse_context *context, struct slice text)
{
	size_t at = pairs_at(text);
	struct slice rest = slice_from(text, at), name, value;

	modsecurity_put_verdict(
		record, context, slice_starts(text, SLICE_LIT("Access denied")));
	put_some(record, context, FIELD_EVENT_REASON, slice_head(text, at));
	while (take_pair(&rest, &name, &value))
		put_named(record, context, name, value);
}
