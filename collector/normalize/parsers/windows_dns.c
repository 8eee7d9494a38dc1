/*
 * windows-dns - debug log of Microsoft's DNS server (dns.log)
 *
 *	3/7/2026 10:00:00 AM 0D3C PACKET  00000000028657F0 UDP Rcv 192.0.2.1   2a86   Q [0001 D
 *	   NOERROR] A      (7)example(2)vn(0)
 *
 * The stamp is written as the server's region does. Names are labels with their lengths.
 */
#include "collector/normalize/families/dns.h"
#include "collector/normalize/text/phrases.h"
#include "collector/normalize/text/stamp.h"

enum { NAME_MAX_BYTES = 1024, HEAD_MAX = 48 };

/* The part behind PACKET, blanks made one. */
struct packet {
	struct slice transport, direction, remote, id, code, flags, type, name;
	bool response;
};

static struct slice next_word(struct slice *rest)
{
	skip_blanks(rest);
	return take_word(rest);
}

static bool is_hex(struct slice word)
{
	for (size_t i = 0; i < word.len; i++) {
		char byte = (char)(word.ptr[i] | 0x20);

		if (!is_digit(word.ptr[i]) && (byte < 'a' || byte > 'f'))
			return false;
	}
	return word.len > 0;
}

/* "[8081   DR  NXDOMAIN]": the code is the last word */
static bool take_flags(struct slice *rest, struct packet *packet)
{
	struct slice flags, before;

	skip_blanks(rest);
	if (!skip_byte(rest, '[') || !take_until(rest, ']', &flags) ||
		!cut_last(flags, SLICE_LIT(" "), &before, &packet->code))
		return false;
	packet->flags = slice_trim(before);
	return packet->code.len > 0;
}

static bool take_packet(struct slice rest, struct packet *packet)
{
	packet->transport = next_word(&rest);
	packet->direction = next_word(&rest);
	packet->remote = next_word(&rest);
	packet->id = next_word(&rest);
	struct slice opcode = next_word(&rest);
	packet->response = slice_eq(opcode, SLICE_LIT("R"));
	if (packet->response)
		opcode = next_word(&rest);
	if (opcode.len != 1 || !is_hex(packet->id) || !take_flags(&rest, packet))
		return false;
	packet->type = next_word(&rest);
	skip_blanks(&rest);
	packet->name = rest;
	return packet->name.len > 0 && packet->name.ptr[0] == '(';
}

/* "(7)example(2)vn(0)" -> "example.vn". A label is as long as it says; absent when it is not.
 */
static struct slice name_of(struct parse_context *context, struct slice text)
{
	char name[NAME_MAX_BYTES];
	size_t len = 0;

	for (;;) {
		struct slice digits;
		uint64_t n;

		if (!skip_byte(&text, '(') || !take_until(&text, ')', &digits) ||
			!slice_to_u64(digits, 255, &n) || n > text.len ||
			len + n + 1 > sizeof(name))
			return SLICE_NONE;
		if (n == 0)
			break;
		if (len > 0)
			name[len++] = '.';
		memcpy(name + len, text.ptr, n);
		len += n;
		text = slice_from(text, n);
	}
	struct slice copy = arena_copy(context->arena, slice_of(name, len));
	context->full = context->full || slice_absent(copy);
	return copy;
}

static const struct meaning *meaning_of(const struct packet *packet)
{
	if (!packet->response)
		return &dns_queried;
	if (slice_eq(packet->code, SLICE_LIT("REFUSED")))
		return &dns_refused;
	return slice_eq(packet->code, SLICE_LIT("NOERROR")) ||
			       slice_eq(packet->code, SLICE_LIT("NXDOMAIN"))
		       ? &dns_answered
		       : &dns_failed;
}

/* The server is not named: who asks is the source of what it receives and of what it answers.
 */
static void put_packet(
	struct record *record, struct parse_context *context, const struct packet *packet)
{
	bool received = slice_eq(packet->direction, SLICE_LIT("Rcv"));
	bool remote_asks = received != packet->response;

	put_meaning(record, context, meaning_of(packet));
	put(record, context, FIELD_NETWORK_TRANSPORT,
		slice_eq(packet->transport, SLICE_LIT("TCP")) ? SLICE_LIT("tcp")
							      : SLICE_LIT("udp"));
	put_address(record, context, remote_asks ? FIELD_SOURCE_IP : FIELD_DESTINATION_IP,
		remote_asks ? FIELD_SOURCE_ADDRESS : FIELD_DESTINATION_ADDRESS, packet->remote);
	put(record, context, FIELD_DNS_ID, packet->id);
	put(record, context, FIELD_DNS_TYPE,
		packet->response ? SLICE_LIT("answer") : SLICE_LIT("query"));
	put_some(record, context, FIELD_DNS_QUESTION_TYPE, packet->type);
	put_some(record, context, FIELD_DNS_QUESTION_NAME, name_of(context, packet->name));
	if (packet->response)
		put(record, context, FIELD_DNS_RESPONSE_CODE, packet->code);
	put_other(record, context, FIELD_OTHER, SLICE_LIT("flags"), packet->flags);
	dns_finish(record, context);
}

/* A date, a blank, a time, and the word soon after: a look at few bytes of most other lines. */
static bool may_be_packet(struct slice text)
{
	size_t blank = slice_find(slice_head(text, text.len < 11 ? text.len : 11), ' ');

	return text.len > HEAD_MAX && blank < 11 && is_digit(text.ptr[blank + 1]) &&
	       slice_search(slice_head(text, HEAD_MAX), SLICE_LIT(" PACKET ")) < HEAD_MAX;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice rest = context->message, thread;
	struct packet packet = {.response = false};
	int64_t ns;

	if (!may_be_packet(rest) || !take_stamp_any(&rest, context, &ns))
		return PARSED_NOT_MINE;
	thread = next_word(&rest);
	if (!is_hex(thread) || !slice_eq(next_word(&rest), SLICE_LIT("PACKET")))
		return PARSED_NOT_MINE;
	struct slice pointer = rest;
	if (is_hex(next_word(&pointer)))
		rest = pointer;
	if (!take_packet(rest, &packet))
		return PARSED_NOT_MINE;
	record->created_ns = ns;
	put_packet(record, context, &packet);
	context->message = SLICE_NONE;
	return PARSED;
}

const struct parser parser_windows_dns = {
	.number = 114,
	.roles = PARSER_ENVELOPE,
	.name = "windows-dns",
	.module = "windows_dns",
	.summary = "Microsoft DNS server: debug log of packets",
	.source =
		"Windows Server 2008 R2 to 2025, DNS debug logging: key of the message column",
	.first_bytes = FIRST_BYTES_DIGITS,
	.digits = DIGITS(ISO_BLANK) | DIGITS(SLASHED) | DIGITS(YEAR) | DIGITS(DAY) |
		  DIGITS(DOTTED) | DIGITS(RUN),
	.parse = parse,
};
