/* Microsoft Learn, by provider; OpenSSH for Windows; each table sorted by id. */
#include "collector/normalize/families/winlog_channels.h"

#include "collector/normalize/families/access_log.h"
#include "collector/normalize/families/dns.h"
#include "collector/normalize/families/winlog_events.h"
#include "collector/normalize/text/endpoint.h"
#include "collector/normalize/text/network.h"

enum shape { SHAPE_NONE };

#define START(...)   .category = {ECS_PROCESS}, .type = {ECS_START}, __VA_ARGS__
#define INFO(what)   .category = {what}, .type = {ECS_INFO}
#define REFUSED      .outcome = {ECS_FAILURE}
#define DONE         .outcome = {ECS_SUCCESS}
#define SIGN_IN(how) .category = {ECS_AUTHENTICATION}, .type = {how}
#define NETWORK(how) .category = {ECS_NETWORK}, .type = {how}
#define PACKAGE(how) .category = {ECS_PACKAGE}, .type = {how}
#define HOST(how)    .category = {ECS_HOST}, .type = {how}

/* What is made of a value. */
enum how {
	HOW_TEXT,
	HOW_NUMBER,
	HOW_FILE,
	HOW_PROCESS, /* process.executable, .name */
	HOW_COMMAND,
	HOW_ACCOUNT,
	HOW_SOURCE, /* an address, with a port or without */
	HOW_DESTINATION,
	HOW_HASH,
	HOW_TRANSPORT,
	HOW_PRODUCT, /* a package's name, or "Product: NAME -- what became of it" */
	HOW_URL,
	HOW_QUESTION, /* dns.question.name */
	HOW_INNER,    /* a message of the program of that name */
};

struct value {
	struct slice name;
	enum how how;
	enum field_id field; /* of HOW_TEXT and HOW_NUMBER */
};

#define VALUE(text, what)                                                                      \
	{                                                                                      \
		.name = {SLICE_BYTES(text)}, .how = HOW_##what                                 \
	}
#define TEXT(text, id)                                                                         \
	{                                                                                      \
		.name = {SLICE_BYTES(text)}, .how = HOW_TEXT, .field = FIELD_##id              \
	}
#define NUMBER(text, id)                                                                       \
	{                                                                                      \
		.name = {SLICE_BYTES(text)}, .how = HOW_NUMBER, .field = FIELD_##id            \
	}

#include "collector/normalize/families/winlog_channels.def"

static const struct channel {
	struct slice provider; /* what its name begins with */
	const struct winlog_event *events;
	size_t n_events;
	const struct value *values;
	size_t n_values;
} channels[] = {
#define CHANNEL(name, id)                                                                      \
	{                                                                                      \
		{SLICE_BYTES(name)}, id##_events, ARRAY_LEN(id##_events), id##_values,         \
			ARRAY_LEN(id##_values)                                                 \
	}
	CHANNEL("Microsoft-Windows-AppLocker", applocker),
	CHANNEL("Microsoft-Windows-Bits-Client", bits),
	CHANNEL("Microsoft-Windows-CodeIntegrity", code_integrity),
	CHANNEL("Microsoft-Windows-DNS-Client", dns_client),
	CHANNEL("Microsoft-Windows-DNSServer", dns_server),
	CHANNEL("Microsoft-Windows-DNS-Server-Service", dns_server),
	CHANNEL("Microsoft-Windows-Windows Firewall With Advanced Security", firewall),
	CHANNEL("Microsoft-Windows-WinRM", winrm),
	CHANNEL("Microsoft-Windows-WMI-Activity", wmi),
	CHANNEL("Microsoft-Windows-RemoteDesktopServices-RdpCoreTS", rdp),
	CHANNEL("Microsoft-Windows-NTLM", ntlm),
	CHANNEL("Microsoft-Windows-ActiveDirectory_DomainService", directory),
	CHANNEL("Microsoft-Windows-SMBServer", smb_server),
	CHANNEL("Microsoft-Windows-Winlogon", winlogon),
	CHANNEL("Microsoft-Windows-WindowsUpdateClient", update),
	CHANNEL("MsiInstaller", installer),
	CHANNEL("Application Error", application),
	CHANNEL("Microsoft-Windows-Hyper-V-", hyper_v),
	CHANNEL("OpenSSH", openssh),
	CHANNEL("AD FS", federation),
	CHANNEL("MSExchange", exchange),
#undef CHANNEL
};

/* ---- values ---------------------------------------------------------------------------- */

static void put_value(struct winlog *winlog, const struct value *value, struct slice text)
{
	struct record *record = winlog->record;
	struct parse_context *context = winlog->context;

	switch (value->how) {
	case HOW_TEXT:
		winlog_put_some(winlog, value->field, text);
		break;
	case HOW_NUMBER:
		winlog_put_id(winlog, value->field, text);
		break;
	case HOW_FILE:
		winlog_put_file(winlog, text);
		break;
	case HOW_PROCESS:
		winlog_put_executable(
			winlog, FIELD_PROCESS_EXECUTABLE, FIELD_PROCESS_NAME, text);
		break;
	case HOW_COMMAND:
		winlog_put_command(
			winlog, FIELD_PROCESS_COMMAND_LINE, FIELD_PROCESS_ARGS, text);
		break;
	case HOW_ACCOUNT:
		winlog_put_account(winlog, text);
		break;
	case HOW_SOURCE:
		while (skip_byte(&text, '\\'))
			continue;
		put_endpoint(record, context, &endpoint_source, text);
		break;
	case HOW_DESTINATION:
		put_endpoint(record, context, &endpoint_destination, text);
		break;
	case HOW_HASH:
		(void)skip_lit(&text, "0x");
		put_hash(record, context, text);
		break;
	case HOW_TRANSPORT:
		put_transport(record, context, text);
		break;
	case HOW_PRODUCT:
		if (skip_lit(&text, "Product: "))
			text = slice_head(text, slice_search(text, SLICE_LIT(" -- ")));
		winlog_put_some(winlog, FIELD_PACKAGE_NAME, text);
		break;
	case HOW_URL:
		access_log_put_url(record, context, text);
		break;
	case HOW_QUESTION:
		dns_put_question(record, context, text);
		break;
	case HOW_INNER:
		winlog->inner = text;
		break;
	}
}

static bool says_nothing(struct slice text)
{
	return text.len == 0 || slice_eq(text, SLICE_LIT("-")) ||
	       slice_eq(text, SLICE_LIT("(NULL)")) || slice_eq(text, SLICE_LIT("LOCAL"));
}

/* Of two values for one field the first counts. */
static void put_values(struct winlog *winlog, const struct channel *channel)
{
	for (size_t i = 0; i < channel->n_values; i++) {
		const struct value *value = &channel->values[i];
		struct slice text = winlog_value(winlog, value->name);

		if (says_nothing(text) ||
			((value->how == HOW_TEXT || value->how == HOW_NUMBER) &&
				!slice_absent(record_get(winlog->record, value->field))) ||
			(value->how == HOW_FILE &&
				!slice_absent(record_get(winlog->record, FIELD_FILE_PATH))))
			continue;
		put_value(winlog, value, text);
	}
}

/* ---- two providers with forms of their own ------------------------------------------------
 */

/* The text between "<name>" and the next tag; AD FS escapes what a stranger typed. */
static struct slice element(struct slice text, struct slice start)
{
	size_t at = slice_search(text, start);
	struct slice inside = slice_from(text, at);

	if (!skip_text(&inside, start))
		return SLICE_NONE;
	return slice_head(inside, slice_find(inside, '<'));
}

/* Events 1200 to 1207 have an <AuditBase> as their second value; "10.0.0.1,10.0.0.2" is what
 * proxies said, the last of it the proxy's own word. */
static void put_federation(struct winlog *winlog)
{
	struct slice text = winlog_value(winlog, SLICE_LIT("param2")), address, before, last;

	if (slice_search(text, SLICE_LIT("<AuditBase")) == text.len)
		return;
	winlog_put_account(winlog, element(text, SLICE_LIT("<UserId>")));
	address = element(text, SLICE_LIT("<IpAddress>"));
	if (cut_last(address, SLICE_LIT(","), &before, &last))
		address = slice_trim(last);
	put_only_address(winlog->record, winlog->context, FIELD_SOURCE_IP, address);
	winlog_put_some(winlog, FIELD_USER_AGENT_ORIGINAL,
		element(text, SLICE_LIT("<UserAgentString>")));
}

static const struct channel *find_channel(struct slice provider)
{
	for (size_t i = 0; i < ARRAY_LEN(channels); i++) {
		if (slice_starts(provider, channels[i].provider))
			return &channels[i];
	}
	return NULL;
}

const struct winlog_event *winlog_put_channel(struct winlog *winlog, unsigned event_id)
{
	const struct channel *channel = find_channel(winlog->provider);

	if (channel == NULL)
		return NULL;
	put_values(winlog, channel);
	if (channel->events == federation_events)
		put_federation(winlog);
	if (channel->events == openssh_events && !slice_absent(winlog->inner))
		winlog->context->program = winlog_value(winlog, SLICE_LIT("process"));
	return winlog_find(channel->events, channel->n_events, event_id);
}
