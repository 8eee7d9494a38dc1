/*
 * netfilter - packets that iptables, nftables and ufw log through the kernel
 *
 *	[UFW BLOCK] IN=eth0 OUT= MAC=... SRC=192.0.2.1 DST=192.0.2.2 ... PROTO=TCP SPT=1 DPT=2
 *
 * The words before IN= are the rule's own prefix: they tell whether the packet
 * was dropped, if the administrator wrote so. Without such a word nothing is
 * claimed.
 */
#include "collector/normalize/text/extract.h"
#include "collector/normalize/text/network.h"

/* Twelve hexadecimal pairs with colons: the receiver's address, then the sender's. */
enum { MAC_LEN = 17 };

static const struct meaning denied = {
	.action = {SLICE_BYTES("packet_denied")},
	.category = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
	.type2 = {ECS_DENIED},
	.outcome = {ECS_FAILURE},
};
static const struct meaning allowed = {
	.action = {SLICE_BYTES("packet_allowed")},
	.category = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
	.type2 = {ECS_ALLOWED},
	.outcome = {ECS_SUCCESS},
};
static const struct meaning logged = {
	.action = {SLICE_BYTES("packet_logged")},
	.category = {ECS_NETWORK},
	.type = {ECS_CONNECTION},
};

static bool says(struct slice prefix, const char *const *words)
{
	for (; *words != NULL; words++) {
		struct slice word = slice_str(*words);

		for (size_t at = 0; at + word.len <= prefix.len; at++) {
			if (slice_eq_nocase(slice_of(prefix.ptr + at, word.len), word))
				return true;
		}
	}
	return false;
}

/* "[WAN_LOCAL-4000-D]", "[ipv4-FWD-filter-10-A]", "[WAN_IN-RET-2000]": VyOS, EdgeOS, UniFi */
static const struct meaning *meaning_of_chain(struct slice prefix)
{
	struct slice part;

	if (!skip_byte(&prefix, '['))
		return NULL;
	prefix = slice_head(prefix, slice_find(prefix, ']'));
	while (slice_cut(&prefix, '-', &part)) {
		if (slice_eq(part, SLICE_LIT("D")) || slice_eq(part, SLICE_LIT("R")))
			return &denied;
		if (slice_eq(part, SLICE_LIT("A")) || slice_eq(part, SLICE_LIT("RET")))
			return &allowed;
	}
	return NULL;
}

static const struct meaning *meaning_of(struct slice prefix)
{
	static const char *const no[] = {"block", "drop", "deny", "denied", "reject", NULL};
	static const char *const yes[] = {"allow", "accept", "pass", NULL};
	const struct meaning *meaning = meaning_of_chain(prefix);

	if (meaning != NULL)
		return meaning;
	if (says(prefix, no))
		return &denied;
	return says(prefix, yes) ? &allowed : &logged;
}

static void put_mac(struct record *record, struct parse_context *context, struct slice mac)
{
	if (mac.len < 2 * MAC_LEN + 1)
		return;
	put(record, context, FIELD_DESTINATION_MAC, slice_head(mac, MAC_LEN));
	put(record, context, FIELD_SOURCE_MAC, slice_of(mac.ptr + MAC_LEN + 1, MAC_LEN));
}

/* Which pairs were seen: an ICMP error carries a second packet's in brackets. */
struct seen {
	bool in, out, source, size;
};

static void put_pair(struct record *record, struct parse_context *context, struct slice pair,
	struct seen *seen)
{
	struct slice name;

	if (skip_lit(&pair, "SRC=") || skip_lit(&pair, "IPSRC=")) {
		put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, pair);
		seen->source = true;
	} else if (skip_lit(&pair, "DST=") || skip_lit(&pair, "IPDST=")) {
		put_address(
			record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, pair);
	} else if (skip_lit(&pair, "SPT=")) {
		put_digits(record, context, FIELD_SOURCE_PORT, pair);
	} else if (skip_lit(&pair, "DPT=")) {
		put_digits(record, context, FIELD_DESTINATION_PORT, pair);
	} else if (skip_lit(&pair, "PROTO=")) {
		put_transport(record, context, pair);
	} else if (skip_lit(&pair, "IN=")) {
		put_some(record, context, FIELD_OBSERVER_INGRESS_INTERFACE, pair);
		seen->in = pair.len > 0;
	} else if (skip_lit(&pair, "OUT=")) {
		put_some(record, context, FIELD_OBSERVER_EGRESS_INTERFACE, pair);
		seen->out = pair.len > 0;
	} else if (skip_lit(&pair, "MAC=")) {
		put_mac(record, context, pair);
	} else if (skip_lit(&pair, "MACSRC=")) {
		put_some(record, context, FIELD_SOURCE_MAC, pair);
	} else if (skip_lit(&pair, "MACDST=")) {
		put_some(record, context, FIELD_DESTINATION_MAC, pair);
	} else if (skip_lit(&pair, "UID=")) {
		put_some(record, context, FIELD_USER_ID, pair);
	} else if (skip_lit(&pair, "GID=")) {
		put_some(record, context, FIELD_GROUP_ID, pair);
	} else if (slice_eq(pair, SLICE_LIT("ARP"))) {
		put(record, context, FIELD_NETWORK_PROTOCOL, SLICE_LIT("arp"));
	} else if (!seen->size && skip_lit(&pair, "LEN=")) {
		put_digits(record, context, FIELD_NETWORK_BYTES, pair);
		seen->size = true;
	} else if (take_until(&pair, '=', &name)) {
		put_other(record, context, FIELD_OTHER, name, pair);
	}
}

/* Up to the '[' of an enclosed packet. */
static bool put_pairs(struct record *record, struct parse_context *context, struct slice rest)
{
	struct seen seen = {0};

	while (rest.len > 0 && rest.ptr[0] != '[') {
		put_pair(record, context, take_word(&rest), &seen);
		skip_blanks(&rest);
	}
	if (seen.in != seen.out)
		put(record, context, FIELD_NETWORK_DIRECTION,
			seen.in ? SLICE_LIT("ingress") : SLICE_LIT("egress"));
	return seen.source;
}

/* "[50028442.088484] ", "[   12.345678] " */
static void skip_uptime(struct slice *rest)
{
	struct slice uptime, inside = *rest;

	if (!skip_byte(&inside, '[') || !take_until(&inside, ']', &uptime))
		return;
	for (size_t i = 0; i < uptime.len; i++) {
		if (!is_digit(uptime.ptr[i]) && uptime.ptr[i] != '.' && uptime.ptr[i] != ' ')
			return;
	}
	*rest = inside;
	skip_blanks(rest);
}

/* The last "IN=" of the word that ends the text: the prefix may have no blank behind it. */
static bool find_in(struct slice text, size_t *at)
{
	struct slice before, after;

	if (!cut_last(text, SLICE_LIT("IN="), &before, &after) ||
		slice_find(after, ' ') < after.len)
		return false;
	*at = before.len;
	return true;
}

/* Where the pairs begin, with the interface the packet came by; the length when nowhere. A line
 * that is known to be of this format may lack the other interface. */
static size_t pairs_at(struct slice text, bool named)
{
	size_t at = slice_search(text, SLICE_LIT(" OUT="));

	if (at < text.len && find_in(slice_head(text, at), &at))
		return at;
	if (!named)
		return text.len;
	at = slice_search(text, SLICE_LIT("IN="));
	return at < text.len ? at : slice_search(text, SLICE_LIT("IN "));
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, prefix;

	skip_uptime(&rest);
	size_t at = pairs_at(rest, context->named);
	if (at == rest.len)
		return PARSED_NOT_MINE;
	prefix = slice_trim(slice_head(rest, at));
	put_meaning(record, context, meaning_of(prefix));
	put_some(record, context, FIELD_SOC_FIREWALL_RULE, prefix);
	rest = slice_from(rest, at);
	bool whole = put_pairs(record, context, rest);
	/* The kernel puts one blank between pairs. */
	bool cut = context->named && slice_search(rest, SLICE_LIT("  ")) == rest.len;
	return whole || cut ? PARSED : PARSED_NOT_MINE;
}

static const char *const programs[] = {"kernel", "ulogd", NULL};

const struct parser parser_netfilter = {
	.number = 10,
	.roles = PARSER_ANY_PROGRAM,
	.name = "netfilter",
	.module = "netfilter",
	.summary = "packets logged by iptables, nftables and ufw",
	.source = "Linux net/netfilter/nf_log_syslog.c; ulogd2",
	.programs = programs,
	.first_bytes = "[I", /* some gateways leave the program out */
	.parse = parse,
};
