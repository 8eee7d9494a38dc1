#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>

#include "common/revocation.h"
#include "common/tls_parts.h"

enum { SUBJECT_TEXT_MAX = 160 };

/* ---- words --------------------------------------------------------------------- */

static void subject_text(X509 *cert, char *out, size_t size)
{
	const unsigned long flags = XN_FLAG_RFC2253; /* escapes controls and non-ASCII */
	BIO *bio = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len = 0;

	snprintf(out, size, "?");
	if (bio == NULL)
		return;
	if (X509_NAME_print_ex(bio, X509_get_subject_name(cert), 0, flags) >= 0)
		len = BIO_get_mem_data(bio, &text);
	if (len > 0)
		snprintf(out, size, "%.*s", (int)len, text);
	BIO_free(bio);
}

bool tls_serial(X509 *cert, char out[TLS_SERIAL_MAX])
{
	const ASN1_INTEGER *serial = X509_get0_serialNumber(cert);
	int len = ASN1_STRING_length(serial);
	const unsigned char *bytes = ASN1_STRING_get0_data(serial);

	if (ASN1_STRING_type(serial) != V_ASN1_INTEGER || len < 1 || len > 20)
		return false;
	for (int i = 0; i < len; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return true;
}

/* "certificate CN=... (serial 0a1b): <why>" */
void tls_describe(X509 *cert, const char *why, struct err *err)
{
	char subject[SUBJECT_TEXT_MAX];
	char serial[TLS_SERIAL_MAX] = "?";

	if (cert == NULL) {
		err_set(err, "peer's certificate: %s", why);
		return;
	}
	subject_text(cert, subject, sizeof(subject));
	if (!tls_serial(cert, serial))
		snprintf(serial, sizeof(serial), "?");
	err_set(err, "certificate %s (serial %s): %s", subject, serial, why);
}

/* ---- identity ------------------------------------------------------------------ */

/* The number at the start of *rest, without a leading zero; moves past it. */
static bool take_number(struct slice *rest, uint32_t *number)
{
	uint64_t value = 0;
	size_t digits = 0;

	while (digits < rest->len && rest->ptr[digits] >= '0' && rest->ptr[digits] <= '9')
		digits++;
	if (digits == 0 || rest->ptr[0] == '0' ||
		!slice_to_u64(slice_head(*rest, digits), UINT32_MAX, &value))
		return false;
	*number = (uint32_t)value;
	*rest = slice_from(*rest, digits);
	return true;
}

static bool take_prefix(struct slice *rest, struct slice prefix)
{
	if (!slice_starts(*rest, prefix))
		return false;
	*rest = slice_from(*rest, prefix.len);
	return true;
}

static bool is_name(struct slice name)
{
	if (name.len == 0 || name.len >= TLS_NAME_MAX || name.ptr[0] == '-' ||
		name.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= '0' && c <= '9') && c != '-' && c != '.')
			return false;
	}
	return true;
}

static bool parse_agent(struct slice rest, struct tls_peer *peer)
{
	uint32_t agency = 0, host = 0;

	if (!take_number(&rest, &agency) || !take_prefix(&rest, SLICE_LIT(":host:")) ||
		!take_number(&rest, &host) || rest.len > 0)
		return false;
	peer->kind = TLS_PEER_AGENT;
	peer->agency = agency;
	peer->host = host;
	return true;
}

static bool parse_collector(struct slice name, struct tls_peer *peer)
{
	if (!is_name(name))
		return false;
	peer->kind = TLS_PEER_COLLECTOR;
	memcpy(peer->name, name.ptr, name.len);
	peer->name[name.len] = '\0';
	return true;
}

bool tls_identity_parse(struct slice uri, struct tls_peer *peer)
{
	if (take_prefix(&uri, SLICE_LIT("urn:soc:agency:")))
		return parse_agent(uri, peer);
	if (take_prefix(&uri, SLICE_LIT("urn:soc:collector:")))
		return parse_collector(uri, peer);
	return false;
}

const char *tls_identity_uri(const struct tls_peer *peer, char *out)
{
	switch (peer->kind) {
	case TLS_PEER_AGENT:
		snprintf(out, TLS_URI_MAX, "urn:soc:agency:%u:host:%u", peer->agency,
			peer->host);
		break;
	case TLS_PEER_COLLECTOR:
		snprintf(out, TLS_URI_MAX, "urn:soc:collector:%s", peer->name);
		break;
	}
	return out;
}

/* The namespace is compared without case (RFC 8141), so that no variant slips by unseen. */
static bool is_ours(struct slice uri)
{
	const struct slice prefix = SLICE_LIT("urn:soc:");

	return uri.len >= prefix.len && slice_eq_nocase(slice_head(uri, prefix.len), prefix);
}

static bool only_identity(const GENERAL_NAMES *names, struct tls_peer *peer, const char **why)
{
	unsigned found = 0;

	*why = "no soc identity among its alternative names";
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		int type = 0;
		const ASN1_STRING *text =
			GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type);

		if (type != GEN_URI)
			continue;
		struct slice uri =
			slice_of(ASN1_STRING_get0_data(text), (size_t)ASN1_STRING_length(text));
		if (!is_ours(uri))
			continue;
		*why = found++ > 0 ? "more than one soc identity"
				   : "soc identity not in its form";
		if (!tls_identity_parse(uri, peer))
			return false;
	}
	return found == 1;
}

static bool read_identity(X509 *cert, struct tls_peer *peer, const char **why)
{
	int critical = 0;
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, &critical, NULL);

	if (names == NULL) {
		ERR_clear_error();
		*why = critical == -1 ? "no soc identity: no alternative names"
				      : "alternative names damaged or there twice";
		return false;
	}
	bool ok = only_identity(names, peer, why);
	GENERAL_NAMES_free(names);
	return ok;
}

static bool read_marks(X509 *cert, struct tls_peer *peer, const char **why)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned size = 0;

	*why = "its serial number is negative or longer than 20 bytes";
	if (!tls_serial(cert, peer->serial))
		return false;
	*why = "no digest of it";
	if (X509_digest(cert, EVP_sha256(), digest, &size) != 1 || size != 32)
		return false;
	for (unsigned i = 0; i < size; i++)
		snprintf(peer->fingerprint + 2 * i, 3, "%02x", digest[i]);
	peer->validity.from_ns = revocation_time_ns(X509_get0_notBefore(cert));
	peer->validity.until_ns = revocation_time_ns(X509_get0_notAfter(cert));
	return true;
}

bool tls_read_peer(X509 *cert, struct tls_peer *peer, const char **why)
{
	struct tls_peer read = {0};

	if (!read_identity(cert, &read, why) || !read_marks(cert, &read, why))
		return false;
	*peer = read;
	return true;
}

bool tls_identity_of(X509 *cert, struct tls_peer *peer, struct err *err)
{
	const char *why = NULL;

	if (tls_read_peer(cert, peer, &why))
		return true;
	tls_describe(cert, why, err);
	return false;
}

/* ---- names of devices ---------------------------------------------------------- */

static struct slice text_of(const ASN1_STRING *string)
{
	return slice_of(ASN1_STRING_get0_data(string), (size_t)ASN1_STRING_length(string));
}

/* True when `visit` stopped it; *n = how many there are. */
static bool visit_dns_names(const GENERAL_NAMES *names,
	bool (*visit)(void *user, struct slice name), void *user, unsigned *n)
{
	*n = 0;
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);

		if (name->type != GEN_DNS)
			continue;
		(*n)++;
		if (visit(user, text_of(name->d.dNSName)))
			return true;
	}
	return false;
}

static bool visit_common_names(
	const X509_NAME *subject, bool (*visit)(void *user, struct slice name), void *user)
{
	for (int at = -1;
		(at = X509_NAME_get_index_by_NID(subject, NID_commonName, at)) >= 0;) {
		const X509_NAME_ENTRY *entry = X509_NAME_get_entry(subject, at);

		if (visit(user, text_of(X509_NAME_ENTRY_get_data(entry))))
			return true;
	}
	return false;
}

bool tls_peer_names(const SSL *ssl, bool (*visit)(void *user, struct slice name), void *user)
{
	X509 *cert = SSL_get0_peer_certificate(ssl);
	unsigned n;

	if (cert == NULL || !SSL_is_init_finished(ssl) ||
		SSL_get_verify_result(ssl) != X509_V_OK)
		return false;
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	const bool stopped = visit_dns_names(names, visit, user, &n);
	GENERAL_NAMES_free(names);
	return stopped ||
	       (n == 0 && visit_common_names(X509_get_subject_name(cert), visit, user));
}
