/*
 * sender_checks - whether what is written of each listener and each sender can be meant
 *
 * What two of them cannot both have is found by sender_claims.c.
 */
#include <string.h>

#include "collector/ingest/senders/sender_settings_inner.h"
#include "collector/ingest/senders/senders.h"

enum { ALL_LISTENERS = (1U << LISTENERS_MAX) - 1 };

static int listener_number(const struct sender_settings *settings, const char *name)
{
	for (size_t i = 0; i < settings->listeners.n; i++) {
		if (strcmp(listeners_of(settings)[i].name, name) == 0)
			return (int)i;
	}
	return -1;
}

static void check_tls(const struct conf *conf, const struct written_listener *listener,
	struct mistakes *mistakes)
{
	const bool is_tls = listener->transport == TRANSPORT_TLS;

	if (is_tls && (listener->certificate[0] == '\0' || listener->key[0] == '\0'))
		mistake_add(mistakes, conf_at(conf, &listener->transport),
			"tls needs 'certificate' and 'key'");
	if (is_tls && listener->clients != CLIENTS_NONE && listener->ca[0] == '\0')
		mistake_add(mistakes, conf_at(conf, &listener->clients),
			"certificates of senders can be checked only with 'ca'");
	if (listener->transport == TRANSPORT_UDP && listener->protocol != PROTOCOL_SYSLOG &&
		!protocol_is_export(listener->protocol))
		mistake_add(mistakes, conf_at(conf, &listener->protocol),
			"%s needs a connection: tls or tcp",
			listener_protocol_name((enum listener_protocol)listener->protocol));
	if (listener->protocol == PROTOCOL_WEF &&
		(!is_tls || listener->clients != CLIENTS_REQUIRED))
		mistake_add(mistakes, conf_at(conf, &listener->protocol),
			"wef needs tls and 'clients: required'");
	if (listener->transport != TRANSPORT_UDP && protocol_is_export(listener->protocol))
		mistake_add(mistakes, conf_at(conf, &listener->protocol),
			"flow records come by udp");
	if (!is_tls && listener->clients != CLIENTS_NONE)
		mistake_add(mistakes, conf_at(conf, &listener->clients),
			"only tls asks senders for a certificate");
}

static void check_listener(const struct conf *conf, const struct sender_settings *settings,
	size_t i, struct mistakes *mistakes)
{
	const struct written_listener *listener = &listeners_of(settings)[i];

	if (listener_number(settings, listener->name) != (int)i)
		mistake_add(mistakes, conf_at(conf, &listener->name),
			"there is a listener %s already",
			MISTAKE_TEXT(slice_str(listener->name)));
	check_tls(conf, listener, mistakes);
}

static void check_addresses(
	const struct conf *conf, const struct written_sender *sender, struct mistakes *mistakes)
{
	for (size_t i = 0; i < sender->addresses.n; i++) {
		struct netprefix prefix;
		struct err err;

		if (!netprefix_parse(slice_str(sender->addresses.items[i]), &prefix, &err))
			mistake_add(mistakes, conf_at(conf, &sender->addresses.items[i]), "%s",
				err.text);
	}
}

static bool has_text(const struct setting_texts *texts, const char *text)
{
	for (size_t i = 0; i < texts->n; i++) {
		if (strcmp(texts->items[i], text) == 0)
			return true;
	}
	return false;
}

uint32_t sender_listeners(
	const struct sender_settings *settings, const struct setting_texts *names)
{
	uint32_t set = 0;

	for (size_t i = 0; i < names->n; i++) {
		int number = listener_number(settings, names->items[i]);

		if (number >= 0)
			set |= 1U << number;
	}
	return names->n > 0 ? set : ALL_LISTENERS;
}

/* Beats sends JSON, which is UTF-8 (RFC 8259 §8.1), flow records become JSON, and what Windows
 * sends says what it is. */
static bool is_utf8(int protocol)
{
	return protocol == PROTOCOL_BEATS || protocol == PROTOCOL_WEF ||
	       protocol_is_export(protocol);
}

static void check_charset(const struct conf *conf, const struct sender_settings *settings,
	const struct written_sender *sender, struct mistakes *mistakes)
{
	const uint32_t set = sender_listeners(settings, &sender->listeners);
	enum charset charset;
	bool may_use = settings->listeners.n == 0 || set == 0;

	if (!charset_by_name(slice_str(sender->charset), &charset)) {
		mistake_add(mistakes, conf_at(conf, &sender->charset),
			"there is no character set %s",
			MISTAKE_TEXT(slice_str(sender->charset)));
		return;
	}
	for (size_t i = 0; i < settings->listeners.n; i++)
		may_use |= (set & 1U << i) != 0 && !is_utf8(listeners_of(settings)[i].protocol);
	if (charset != CHARSET_UTF_8 && !may_use)
		mistake_add(mistakes, conf_at(conf, &sender->charset),
			"its listeners speak protocols whose text is utf-8");
}

/* "*.xa.example": a star stands for the first part, and nowhere else. */
static bool is_certificate_name(const char *name)
{
	const char *star = strrchr(name, '*');

	return star == NULL || (star == name && name[1] == '.' && name[2] != '\0');
}

/* It can only be known by its certificate where one is asked for. */
static bool asks_for_certificates(
	const struct sender_settings *settings, const struct written_sender *sender)
{
	for (size_t i = 0; i < settings->listeners.n; i++) {
		const struct written_listener *listener = &listeners_of(settings)[i];

		if (listener->clients != CLIENTS_NONE &&
			(sender->listeners.n == 0 ||
				has_text(&sender->listeners, listener->name)))
			return true;
	}
	return false;
}

bool sender_token_is_hash(const char *text)
{
	return strlen(text) == 2 * TOKEN_HASH_SIZE &&
	       strspn(text, "0123456789abcdefABCDEF") == 2 * TOKEN_HASH_SIZE;
}

static bool may_show_token(
	const struct sender_settings *settings, const struct written_sender *sender)
{
	const uint32_t set = sender_listeners(settings, &sender->listeners);

	for (size_t i = 0; i < settings->listeners.n; i++) {
		if ((set & 1U << i) != 0 && listeners_of(settings)[i].protocol == PROTOCOL_HTTP)
			return true;
	}
	return false;
}

static void check_tokens(const struct conf *conf, const struct sender_settings *settings,
	const struct written_sender *sender, struct mistakes *mistakes)
{
	if (sender->tokens.n == 0)
		return;
	for (size_t i = 0; i < sender->tokens.n; i++) {
		if (!sender_token_is_hash(sender->tokens.items[i]))
			mistake_add(mistakes, conf_at(conf, &sender->tokens.items[i]),
				"no SHA-256: that is 64 digits, hexadecimal; `soc-ctl token` "
				"makes them");
	}
	if (sender->certificate[0] != '\0')
		mistake_add(mistakes, conf_at(conf, &sender->certificate),
			"it is known by its token, or by a certificate: one of both");
	if (!may_show_token(settings, sender))
		mistake_add(mistakes, conf_at(conf, &sender->tokens.items[0]),
			"none of its listeners speaks http");
}

static void check_zone(
	const struct conf *conf, const struct written_sender *sender, struct mistakes *mistakes)
{
	char rule[ZONE_RULE_MAX];
	struct err err;

	if (sender->zone[0] != '\0' && !zone_find(sender->zone, rule, &err))
		mistake_add(mistakes, conf_at(conf, &sender->zone), "%s", err.text);
}

bool sender_host_number(const char *text, uint32_t *host)
{
	uint64_t number;

	if (!slice_to_u64(slice_str(text), UINT32_MAX, &number) || number == 0)
		return false;
	*host = (uint32_t)number;
	return true;
}

static void check_hosts(
	const struct conf *conf, const struct written_sender *sender, struct mistakes *mistakes)
{
	uint32_t host;

	if (sender->hosts.n > 0 && !sender->names_host)
		mistake_add(mistakes, conf_at(conf, &sender->hosts),
			"hosts are named with 'names-host: true' only");
	for (size_t i = 0; i < sender->hosts.n; i++) {
		if (!sender_host_number(sender->hosts.items[i], &host))
			mistake_add(mistakes, conf_at(conf, &sender->hosts.items[i]),
				"%s is not the number of a host",
				MISTAKE_TEXT(slice_str(sender->hosts.items[i])));
	}
}

static void check_sender(const struct conf *conf, const struct sender_settings *settings,
	size_t i, struct mistakes *mistakes)
{
	const struct written_sender *sender = &senders_of(settings)[i];

	check_addresses(conf, sender, mistakes);
	for (size_t j = 0; j < sender->listeners.n; j++) {
		if (listener_number(settings, sender->listeners.items[j]) < 0)
			mistake_add(mistakes, conf_at(conf, &sender->listeners.items[j]),
				"there is no listener %s",
				MISTAKE_TEXT(slice_str(sender->listeners.items[j])));
	}
	if (sender->certificate[0] != '\0' && !asks_for_certificates(settings, sender))
		mistake_add(mistakes, conf_at(conf, &sender->certificate),
			"none of its listeners asks for a certificate");
	if (!is_certificate_name(sender->certificate))
		mistake_add(mistakes, conf_at(conf, &sender->certificate),
			"a * stands for the first part of a name, as in *.xa.example");
	check_hosts(conf, sender, mistakes);
	check_tokens(conf, settings, sender, mistakes);
	check_zone(conf, sender, mistakes);
	check_charset(conf, settings, sender, mistakes);
}

void sender_settings_check(const struct conf *conf, const struct sender_settings *settings,
	struct mistakes *mistakes)
{
	for (size_t i = 0; i < settings->listeners.n; i++)
		check_listener(conf, settings, i, mistakes);
	for (size_t i = 0; i < settings->senders.n; i++)
		check_sender(conf, settings, i, mistakes);
	sender_claims_check(conf, settings, mistakes);
}
