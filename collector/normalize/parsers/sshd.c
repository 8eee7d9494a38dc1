/*
 * sshd - OpenSSH's server
 *
 * Names of users come from the network and may hold blanks, " from " and whole
 * forged log lines: who and where are therefore read from the right, where
 * sshd wrote the address, never from the left.
 *
 * A message is found by its first letter and then by its prefix; the shape of
 * the prefix's line says how to read the rest.
 */
#include "collector/normalize/text/extract.h"

enum shape {
	SHAPE_PLAIN,       /* nothing to read */
	SHAPE_LOGIN,       /* METHOD for [invalid user ]USER from HOST port N[ ssh2][: KEY] */
	SHAPE_USER_FROM,   /* USER from HOST[ port N][...] */
	SHAPE_PEER,        /* [[authenticating|invalid ]user USER ]HOST[ port N][:...] */
	SHAPE_BANNER,      /* '...' from HOST port N */
	SHAPE_USER,        /* USER[ [preauth]] */
	SHAPE_SUBSYSTEM,   /* NAME by user USER */
	SHAPE_SESSION,     /* WHAT for USER from HOST port N id N */
	SHAPE_EXPIRED,     /* USER has expired ... */
	SHAPE_DROPPED,     /* #N from [HOST]:N on [HOST]:N past MaxStartups */
	SHAPE_TIMEOUT,     /* HOST to HOST, pid = N */
	SHAPE_DENIED,      /* USER by PAM account configuration */
	SHAPE_PENALTY,     /* ipv4: new HOST/32 ... penalty of N seconds for penalty: ... */
	SHAPE_NOT_ALLOWED, /* USER [from HOST ]not allowed because ... */
	SHAPE_REVERSE,     /* NAME [HOST] failed ... */
	SHAPE_MAPS,        /* HOST maps to NAME, but ... */
	SHAPE_LISTENING,   /* HOST port N. */
	SHAPE_PREFIXED,    /* another message follows */
	SHAPE_REPEATED,    /* N times: [ another message] */
};

struct wording {
	struct slice prefix;
	enum shape shape;
	struct meaning meaning;
};

#define WORDS(text) .prefix = {SLICE_BYTES(text)}
#define LOGIN_FAILED                                                                           \
	{                                                                                      \
		.action = {SLICE_BYTES("ssh_login")}, .category = {ECS_AUTHENTICATION},        \
		.type = {ECS_INFO}, .outcome = {                                               \
			ECS_FAILURE                                                            \
		}                                                                              \
	}
#define NEGOTIATION(name)                                                                      \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_NETWORK},                      \
		.type = {ECS_CONNECTION}, .type2 = {ECS_DENIED}, .outcome = {                  \
			ECS_FAILURE                                                            \
		}                                                                              \
	}
#define CONNECTION(name, how)                                                                  \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_NETWORK},                      \
		.type = {ECS_CONNECTION}, .type2 = {                                           \
			how                                                                    \
		}                                                                              \
	}
#define REFUSED(name)                                                                          \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_AUTHENTICATION},               \
		.type = {ECS_INFO}, .outcome = {                                               \
			ECS_FAILURE                                                            \
		}                                                                              \
	}
#define LIFE(name, how)                                                                        \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_PROCESS}, .type = { how }      \
	}
#define SESSION(name, how)                                                                     \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .category = {ECS_SESSION}, .type = { how }      \
	}
#define NOTED(name)                                                                            \
	{                                                                                      \
		.action = {SLICE_BYTES(name)}, .type = { ECS_INFO }                            \
	}

/* By first letter; the longer of two prefixes stands first. */
static const struct wording on_A[] = {
	{WORDS("Accepted key "), SHAPE_PLAIN, NOTED("ssh_key_accepted")},
	{WORDS("Accepted certificate ID "), SHAPE_PLAIN, NOTED("ssh_key_accepted")},
	{WORDS("Access denied for user "), SHAPE_DENIED, REFUSED("ssh_user_not_allowed")},
	{WORDS("Account "), SHAPE_EXPIRED, REFUSED("ssh_account_expired")},
	{WORDS("Accepted "), SHAPE_LOGIN,
		{.action = {SLICE_BYTES("ssh_login")},
			.category = {ECS_AUTHENTICATION},
			.category2 = {ECS_SESSION},
			.type = {ECS_START},
			.outcome = {ECS_SUCCESS}}},
	{WORDS("Address "), SHAPE_MAPS, NOTED("ssh_reverse_mapping_failed")},
	{WORDS("Authentication refused: "), SHAPE_PLAIN, REFUSED("ssh_authentication_refused")},
	{WORDS("Authentication key "), SHAPE_PLAIN, REFUSED("ssh_authentication_refused")},
	{WORDS("Authentication tried for "), SHAPE_PLAIN,
		REFUSED("ssh_authentication_refused")},
	{{0}},
};
static const struct wording on_B[] = {
	{WORDS("Bad protocol version identification "), SHAPE_BANNER,
		NEGOTIATION("ssh_bad_protocol")},
	{WORDS("Bad remote protocol version identification: "), SHAPE_PLAIN,
		NEGOTIATION("ssh_bad_protocol")},
	{WORDS("Bad packet length "), SHAPE_PLAIN, NEGOTIATION("ssh_bad_packet")},
	{{0}},
};
static const struct wording on_C[] = {
	{WORDS("Connection closed by "), SHAPE_PEER, CONNECTION("ssh_disconnected", ECS_END)},
	{WORDS("Connection reset by "), SHAPE_PEER, CONNECTION("ssh_disconnected", ECS_END)},
	{WORDS("Connection from "), SHAPE_PEER, CONNECTION("ssh_connected", ECS_START)},
	{WORDS("Connection timed out"), SHAPE_PLAIN, CONNECTION("ssh_timeout", ECS_END)},
	{WORDS("Closing connection to "), SHAPE_PEER, CONNECTION("ssh_disconnected", ECS_END)},
	{WORDS("Close session: user "), SHAPE_USER_FROM,
		SESSION("ssh_session_closed", ECS_END)},
	{WORDS("Could not load host key: "), SHAPE_PLAIN, LIFE("ssh_error", ECS_INFO)},
	{WORDS("Could not get shadow information for "), SHAPE_USER,
		LIFE("ssh_error", ECS_INFO)},
	{WORDS("Corrupted MAC on input"), SHAPE_PLAIN, NEGOTIATION("ssh_bad_packet")},
	{WORDS("Certificate invalid: "), SHAPE_PLAIN, REFUSED("ssh_authentication_refused")},
	{{0}},
};
static const struct wording on_D[] = {
	{WORDS("Disconnected from "), SHAPE_PEER, CONNECTION("ssh_disconnected", ECS_END)},
	{WORDS("Disconnecting: Too many authentication failures for "), SHAPE_USER,
		REFUSED("ssh_too_many_failures")},
	{WORDS("Disconnecting: "), SHAPE_PLAIN, CONNECTION("ssh_disconnected", ECS_END)},
	{WORDS("Disconnecting "), SHAPE_PEER, CONNECTION("ssh_disconnected", ECS_END)},
	{WORDS("Did not receive identification string from "), SHAPE_PEER,
		NEGOTIATION("ssh_no_identification")},
	{{0}},
};
static const struct wording on_E[] = {
	{WORDS("Exiting on signal "), SHAPE_PLAIN, LIFE("ssh_server_stopped", ECS_END)},
	{{0}},
};
static const struct wording on_F[] = {
	{WORDS("Failed "), SHAPE_LOGIN, LOGIN_FAILED},
	{WORDS("Found matching "), SHAPE_PLAIN, NOTED("ssh_key_found")},
	{{0}},
};
static const struct wording on_I[] = {
	{WORDS("Invalid user "), SHAPE_USER_FROM, REFUSED("ssh_invalid_user")},
	{WORDS("Illegal user "), SHAPE_USER_FROM, REFUSED("ssh_invalid_user")},
	{{0}},
};
static const struct wording on_M[] = {
	{WORDS("Maximum authentication attempts exceeded for "), SHAPE_USER_FROM,
		REFUSED("ssh_too_many_failures")},
	{{0}},
};
static const struct wording on_P[] = {
	{WORDS("Postponed "), SHAPE_LOGIN,
		{.action = {SLICE_BYTES("ssh_login_continued")},
			.category = {ECS_AUTHENTICATION},
			.type = {ECS_INFO}}},
	{WORDS("Partial "), SHAPE_LOGIN,
		{.action = {SLICE_BYTES("ssh_login_continued")},
			.category = {ECS_AUTHENTICATION},
			.type = {ECS_INFO}}},
	{WORDS("PAM service(sshd) ignoring max retries"), SHAPE_PLAIN,
		REFUSED("ssh_too_many_failures")},
	{WORDS("Protocol major versions differ for "), SHAPE_PEER,
		NEGOTIATION("ssh_bad_protocol")},
	{{0}},
};
static const struct wording on_R[] = {
	{WORDS("Received disconnect from "), SHAPE_PEER,
		CONNECTION("ssh_disconnected", ECS_END)},
	{WORDS("Received signal "), SHAPE_PLAIN, LIFE("ssh_server_stopped", ECS_END)},
	{WORDS("Received SIGHUP; restarting"), SHAPE_PLAIN,
		LIFE("ssh_server_restarting", ECS_CHANGE)},
	{WORDS("ROOT LOGIN REFUSED FROM "), SHAPE_PEER, REFUSED("ssh_root_refused")},
	{{0}},
};
static const struct wording on_S[] = {
	{WORDS("Server listening on "), SHAPE_LISTENING, LIFE("ssh_server_started", ECS_START)},
	{WORDS("Starting session: "), SHAPE_SESSION, SESSION("ssh_session_opened", ECS_START)},
	{{0}},
};
static const struct wording on_T[] = {
	{WORDS("Timeout, client not responding"), SHAPE_PLAIN,
		CONNECTION("ssh_timeout", ECS_END)},
	{WORDS("Timeout before authentication for connection from "), SHAPE_TIMEOUT,
		NEGOTIATION("ssh_timeout")},
	{WORDS("Timeout before authentication for "), SHAPE_PEER, NEGOTIATION("ssh_timeout")},
	{WORDS("Too many authentication failures for "), SHAPE_USER_FROM,
		REFUSED("ssh_too_many_failures")},
	{WORDS("Transferred: sent "), SHAPE_PLAIN, NOTED("ssh_transferred")},
	{{0}},
};
static const struct wording on_U[] = {
	{WORDS("Unable to negotiate with "), SHAPE_PEER, NEGOTIATION("ssh_bad_key_exchange")},
	{WORDS("User child is on pid "), SHAPE_PLAIN, NOTED("ssh_child_started")},
	{WORDS("User "), SHAPE_NOT_ALLOWED, REFUSED("ssh_user_not_allowed")},
	{{0}},
};
static const struct wording on_b[] = {
	{WORDS("banner exchange: Connection from "), SHAPE_PEER,
		NEGOTIATION("ssh_bad_protocol")},
	{WORDS("beginning MaxStartups throttling"), SHAPE_PLAIN, NEGOTIATION("ssh_throttling")},
	{{0}},
};
static const struct wording on_d[] = {
	{WORDS("drop connection "), SHAPE_DROPPED, NEGOTIATION("ssh_throttling")},
	{WORDS("debug1: "), SHAPE_PREFIXED, {{0}}},
	{{0}},
};
static const struct wording on_e[] = {
	{WORDS("error: maximum authentication attempts exceeded for "), SHAPE_USER_FROM,
		REFUSED("ssh_too_many_failures")},
	{WORDS("error: PAM: User not known to the underlying authentication module for "),
		SHAPE_USER_FROM, LOGIN_FAILED},
	{WORDS("error: PAM: Authentication failure for "), SHAPE_USER_FROM, LOGIN_FAILED},
	{WORDS("error: PAM: authentication error for "), SHAPE_USER_FROM, LOGIN_FAILED},
	{WORDS("error: "), SHAPE_PREFIXED, LIFE("ssh_error", ECS_INFO)},
	{WORDS("exited MaxStartups throttling"), SHAPE_PLAIN, NOTED("ssh_throttling_ended")},
	{{0}},
};
static const struct wording on_f[] = {
	{WORDS("fatal: "), SHAPE_PREFIXED, LIFE("ssh_error", ECS_INFO)},
	{{0}},
};
static const struct wording on_i[] = {
	{WORDS("input_userauth_request: invalid user "), SHAPE_USER,
		REFUSED("ssh_invalid_user")},
	{WORDS("input_userauth_request: illegal user "), SHAPE_USER,
		REFUSED("ssh_invalid_user")},
	{WORDS("invalid user "), SHAPE_USER_FROM, REFUSED("ssh_invalid_user")},
	{{0}},
};
static const struct wording on_k[] = {
	{WORDS("kex_exchange_identification: "), SHAPE_PLAIN,
		NEGOTIATION("ssh_no_identification")},
	{{0}},
};
static const struct wording on_l[] = {
	{WORDS("last message repeated "), SHAPE_PLAIN, NOTED("message_repeated")},
	{{0}},
};
static const struct wording on_m[] = {
	{WORDS("message repeated "), SHAPE_REPEATED, {{0}}},
	{WORDS("maximum authentication attempts exceeded for "), SHAPE_USER_FROM,
		REFUSED("ssh_too_many_failures")},
	{{0}},
};
static const struct wording on_r[] = {
	{WORDS("reverse mapping checking getaddrinfo for "), SHAPE_REVERSE,
		NOTED("ssh_reverse_mapping_failed")},
	{WORDS("refused connect from "), SHAPE_PEER, NEGOTIATION("ssh_connection_refused")},
	{{0}},
};
static const struct wording on_s[] = {
	{WORDS("srclimit_penalise: "), SHAPE_PENALTY, NEGOTIATION("ssh_throttling")},
	{WORDS("subsystem request for "), SHAPE_SUBSYSTEM, NOTED("ssh_subsystem")},
	{WORDS("session opened for local user "), SHAPE_USER_FROM,
		SESSION("sftp_session_opened", ECS_START)},
	{WORDS("session closed for local user "), SHAPE_USER_FROM,
		SESSION("sftp_session_closed", ECS_END)},
	{WORDS("ssh_dispatch_run_fatal: Connection from "), SHAPE_PEER,
		NEGOTIATION("ssh_bad_key_exchange")},
	{WORDS("ssh_dispatch_run_fatal: Connection to "), SHAPE_PEER,
		NEGOTIATION("ssh_bad_key_exchange")},
	{{0}},
};

static const struct wording *const by_letter['z' - 'A' + 1] = {
	['A' - 'A'] = on_A,
	['B' - 'A'] = on_B,
	['C' - 'A'] = on_C,
	['D' - 'A'] = on_D,
	['E' - 'A'] = on_E,
	['F' - 'A'] = on_F,
	['I' - 'A'] = on_I,
	['M' - 'A'] = on_M,
	['P' - 'A'] = on_P,
	['R' - 'A'] = on_R,
	['S' - 'A'] = on_S,
	['T' - 'A'] = on_T,
	['U' - 'A'] = on_U,
	['b' - 'A'] = on_b,
	['d' - 'A'] = on_d,
	['e' - 'A'] = on_e,
	['f' - 'A'] = on_f,
	['i' - 'A'] = on_i,
	['k' - 'A'] = on_k,
	['l' - 'A'] = on_l,
	['m' - 'A'] = on_m,
	['r' - 'A'] = on_r,
	['s' - 'A'] = on_s,
};

static const struct wording *find_wording(struct slice text)
{
	unsigned letter = text.len ? (unsigned)((unsigned char)text.ptr[0]) - 'A' : UINT32_MAX;

	if (letter >= ARRAY_LEN(by_letter) || by_letter[letter] == NULL)
		return NULL;
	for (const struct wording *w = by_letter[letter]; w->prefix.ptr != NULL; w++) {
		if (slice_starts(text, w->prefix))
			return w;
	}
	return NULL;
}

/* "HOST", "HOST port N" at the start; what stands behind is left. */
static void put_peer(struct record *record, struct parse_context *context, struct slice *rest)
{
	struct slice host = take_word(rest), port;

	/* Before version 7.3 without port: "HOST: 11: Bye". */
	if (host.len > 0 && host.ptr[host.len - 1] == ':' &&
		!slice_starts(*rest, SLICE_LIT(" port ")))
		host.len--;
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, host);
	if (skip_lit(rest, " port ") && take_digits(rest, &port))
		put_digits(record, context, FIELD_SOURCE_PORT, port);
	if (skip_lit(rest, " on ")) {
		put_address(record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS,
			take_word(rest));
		if (skip_lit(rest, " port ") && take_digits(rest, &port))
			put_digits(record, context, FIELD_DESTINATION_PORT, port);
	}
}

static void put_user(struct record *record, struct parse_context *context, struct slice user)
{
	if (skip_lit(&user, "invalid user ") || skip_lit(&user, "illegal user ") ||
		slice_eq(user, SLICE_LIT("invalid user")))
		put(record, context, FIELD_EVENT_REASON, SLICE_LIT("invalid user"));
	put_some(record, context, FIELD_USER_NAME, user);
}

static struct slice without_preauth(struct slice text)
{
	if (slice_ends(text, SLICE_LIT(" [preauth]")))
		text.len -= sizeof(" [preauth]") - 1;
	return text;
}

/* Behind the last " from " stands an address that sshd wrote, not the peer. */
static bool put_user_from(struct record *record, struct parse_context *context,
	struct slice text, struct slice *rest)
{
	struct slice user;

	if (!cut_last(text, SLICE_LIT(" from "), &user, rest))
		return false;
	put_user(record, context, user);
	put_peer(record, context, rest);
	return true;
}

/* " ssh2: RSA SHA256:..." */
static void put_key(struct record *record, struct parse_context *context, struct slice rest)
{
	rest = without_preauth(rest);
	if (skip_lit(&rest, " ssh2: ") || skip_lit(&rest, ": "))
		put(record, context, FIELD_SSH_SIGNATURE, rest);
}

static bool read_login(struct record *record, struct parse_context *context, struct slice text)
{
	size_t method_len = slice_search(text, SLICE_LIT(" for "));
	struct slice method, rest;

	if (method_len == text.len)
		return false;
	method = slice_head(text, method_len);
	text = slice_from(text, method_len + 5);
	if (!put_user_from(record, context, text, &rest))
		return false;
	put(record, context, FIELD_SSH_METHOD, method);
	put_key(record, context, rest);
	return true;
}

/* "invalid user X HOST port N": the user, if any, ends before the last " HOST port N". */
static bool read_peer(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice user = SLICE_NONE, peer = without_preauth(text);

	(void)skip_lit(&peer, "authenticating ");
	if (skip_lit(&peer, "user ") || slice_starts(peer, SLICE_LIT("invalid user "))) {
		struct slice before, after;

		if (cut_last(peer, SLICE_LIT(" port "), &before, &after) &&
			cut_last(before, SLICE_LIT(" "), &user, &before)) {
			peer = slice_from(peer, user.len + 1);
		} else {
			user = peer;
			peer = SLICE_LIT("");
		}
		put_user(record, context, user);
	}
	put_peer(record, context, &peer);
	if (skip_lit(&peer, ": ") || skip_byte(&peer, ':'))
		put_some(record, context, FIELD_EVENT_REASON, slice_trim(peer));
	return true;
}

/* "USER has expired", "USER password has expired (password aged)" */
static bool read_expired(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice user, rest;

	if (!cut_last(text, SLICE_LIT(" has expired"), &user, &rest))
		return false;
	bool password = slice_ends(user, SLICE_LIT(" password"));
	if (password)
		user.len -= sizeof(" password") - 1;
	put_over(record, context, FIELD_EVENT_ACTION, SLICE_LIT("ssh_account_expired"));
	put(record, context, FIELD_EVENT_REASON,
		password ? SLICE_LIT("password has expired")
			 : SLICE_LIT("account has expired"));
	put_user(record, context, user);
	return true;
}

static bool read_denied(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice user, rest;

	if (!cut_last(text, SLICE_LIT(" by "), &user, &rest))
		return false;
	put(record, context, FIELD_EVENT_REASON, without_preauth(rest));
	put_user(record, context, user);
	return true;
}

static bool read_session(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice before, rest, what, user;

	if (!cut_last(text, SLICE_LIT(" from "), &before, &rest) ||
		!cut_last(before, SLICE_LIT(" for "), &what, &user))
		return false;
	put_user(record, context, user);
	put_peer(record, context, &rest);
	return true;
}

/* "[HOST]:N" */
static bool take_endpoint(struct slice *rest, struct slice *host, struct slice *port)
{
	return skip_byte(rest, '[') && take_until(rest, ']', host) && skip_byte(rest, ':') &&
	       take_digits(rest, port);
}

static bool read_dropped(
	struct record *record, struct parse_context *context, struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT(" from "));
	struct slice host, port;

	if (at == text.len)
		return true;
	text = slice_from(text, at + 6);
	if (!take_endpoint(&text, &host, &port))
		return true;
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, host);
	put_digits(record, context, FIELD_SOURCE_PORT, port);
	if (skip_lit(&text, " on ") && take_endpoint(&text, &host, &port)) {
		put_address(
			record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, host);
		put_digits(record, context, FIELD_DESTINATION_PORT, port);
	}
	put_some(record, context, FIELD_EVENT_REASON, slice_trim(text));
	return true;
}

static bool read_timeout(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice host;

	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, take_word(&text));
	if (skip_lit(&text, " to ") && take_until(&text, ',', &host))
		put_address(
			record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS, host);
	return true;
}

/* "ipv4: new 192.0.2.1/32 deferred penalty of 5 seconds for penalty: failed authentication" */
static bool read_penalty(
	struct record *record, struct parse_context *context, struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT("penalty: "));

	if (at < text.len)
		put(record, context, FIELD_EVENT_REASON, slice_from(text, at + 9));
	for (struct slice word; slice_cut(&text, ' ', &word);) {
		size_t slash = slice_find(word, '/');

		if (slash < word.len) {
			put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS,
				slice_head(word, slash));
			return true;
		}
	}
	return true;
}

static bool read_not_allowed(
	struct record *record, struct parse_context *context, struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT(" not allowed because "));
	struct slice user, rest;

	if (at == text.len)
		return read_expired(record, context, text);
	user = slice_head(text, at);
	rest = slice_from(text, at + sizeof(" not allowed because ") - 1);
	put(record, context, FIELD_EVENT_REASON, without_preauth(rest));
	if (!put_user_from(record, context, user, &rest))
		put_user(record, context, user);
	return true;
}

static bool read_subsystem(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice name, user;

	if (!cut_last(text, SLICE_LIT(" by user "), &name, &user))
		return false;
	put_user(record, context, slice_head(user, slice_find(user, ' ')));
	return true;
}

/* "NAME [HOST] failed - POSSIBLE BREAK-IN ATTEMPT!" */
static bool read_reverse(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice name, host;

	if (!take_until(&text, '[', &name) || !take_until(&text, ']', &host))
		return false;
	put(record, context, FIELD_SOURCE_DOMAIN, slice_trim(name));
	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, host);
	return true;
}

/* "HOST maps to NAME, but this does not map back to the address" */
static bool read_maps(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice name;

	put_address(record, context, FIELD_SOURCE_IP, FIELD_SOURCE_ADDRESS, take_word(&text));
	if (skip_lit(&text, " maps to ") && take_until(&text, ',', &name))
		put(record, context, FIELD_SOURCE_DOMAIN, name);
	return true;
}

static bool read_listening(
	struct record *record, struct parse_context *context, struct slice text)
{
	struct slice port;

	put_address(record, context, FIELD_DESTINATION_IP, FIELD_DESTINATION_ADDRESS,
		take_word(&text));
	if (skip_lit(&text, " port ") && take_digits(&text, &port))
		put_digits(record, context, FIELD_DESTINATION_PORT, port);
	return true;
}

static bool read_banner(struct record *record, struct parse_context *context, struct slice text)
{
	struct slice banner, peer;

	if (!cut_last(text, SLICE_LIT(" from "), &banner, &peer))
		return false;
	put(record, context, FIELD_EVENT_REASON, banner);
	put_peer(record, context, &peer);
	return true;
}

static bool read_user(struct record *record, struct parse_context *context, struct slice text)
{
	put_user(record, context, without_preauth(text));
	return true;
}

static bool read_shape(struct record *record, struct parse_context *context, enum shape shape,
	struct slice text)
{
	struct slice rest;

	switch (shape) {
	case SHAPE_PLAIN:
	case SHAPE_PREFIXED:
	case SHAPE_REPEATED:
		return true;
	case SHAPE_LOGIN:
		return read_login(record, context, text);
	case SHAPE_USER_FROM:
		return put_user_from(record, context, text, &rest);
	case SHAPE_PEER:
		return read_peer(record, context, text);
	case SHAPE_BANNER:
		return read_banner(record, context, text);
	case SHAPE_USER:
		return read_user(record, context, text);
	case SHAPE_SUBSYSTEM:
		return read_subsystem(record, context, text);
	case SHAPE_NOT_ALLOWED:
		return read_not_allowed(record, context, text);
	case SHAPE_REVERSE:
		return read_reverse(record, context, text);
	case SHAPE_MAPS:
		return read_maps(record, context, text);
	case SHAPE_LISTENING:
		return read_listening(record, context, text);
	case SHAPE_SESSION:
		return read_session(record, context, text);
	case SHAPE_EXPIRED:
		return read_expired(record, context, text);
	case SHAPE_DENIED:
		return read_denied(record, context, text);
	case SHAPE_DROPPED:
		return read_dropped(record, context, text);
	case SHAPE_TIMEOUT:
		return read_timeout(record, context, text);
	case SHAPE_PENALTY:
		return read_penalty(record, context, text);
	}
	return false;
}

/* "2 times: [ Failed password for ...]", written by rsyslog */
static struct slice repeated_message(struct slice text)
{
	size_t at = slice_search(text, SLICE_LIT(" times: [ "));

	if (at == text.len || text.ptr[text.len - 1] != ']')
		return SLICE_NONE;
	text = slice_from(text, at + sizeof(" times: [ ") - 1);
	return slice_head(text, text.len - 1);
}

/* A writer may claim any number: what is counted for it is bounded. */
static void put_repeated(struct record *record, struct parse_context *context)
{
	static const struct slice begin = {SLICE_BYTES("message repeated ")};
	uint64_t n;

	if (!slice_starts(context->message, begin))
		return;
	struct slice times = slice_from(context->message, begin.len);
	times = slice_head(times, slice_search(times, SLICE_LIT(" ")));
	if (!slice_to_u64(times, UINT32_MAX, &n) || n == 0)
		return;
	put_number(record, context, FIELD_SOC_REPEATED, n);
	record->repeats = (uint8_t)(n - 1 < RECORD_REPEATS_MAX ? n - 1 : RECORD_REPEATS_MAX);
}

/* The wording of `text`, seen through "error: " and the like; *text moves behind prefixes. */
static const struct wording *see_through(struct slice *text)
{
	const struct wording *found = find_wording(*text);

	if (found == NULL)
		return NULL;
	if (found->shape == SHAPE_REPEATED) {
		*text = repeated_message(slice_from(*text, found->prefix.len));
		return find_wording(*text);
	}
	if (found->shape == SHAPE_PREFIXED) {
		struct slice inner = slice_from(*text, found->prefix.len);
		const struct wording *within = find_wording(inner);

		if (within != NULL && within->shape != SHAPE_PREFIXED &&
			within->shape != SHAPE_REPEATED) {
			*text = inner;
			return within;
		}
	}
	return found;
}

static enum parse_result parse(struct record *record, struct parse_context *context)
{
	struct slice text = context->message;
	const struct wording *found = see_through(&text);
	uint16_t before = record->n_fields;

	if (found == NULL)
		return PARSED_NOT_MINE;
	put_meaning(record, context, &found->meaning);
	if (read_shape(record, context, found->shape, slice_from(text, found->prefix.len))) {
		put_repeated(record, context);
		return PARSED;
	}
	record->n_fields = before;
	return PARSED_NOT_MINE;
}

static const char *const programs[] = {"sshd", "sshd-session", "sshd-auth", "in.sshd", NULL};

const struct parser parser_sshd = {
	.number = 3,
	.name = "sshd",
	.module = "sshd",
	.summary = "OpenSSH server: logins, refusals, sessions, broken handshakes",
	.source = "OpenSSH 3.8 to 10.0: auth.c, auth2.c, packet.c, session.c, sshd.c",
	.programs = programs,
	.parse = parse,
};
