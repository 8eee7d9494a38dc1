#include "common/tls.h"

#include <assert.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/revocation.h"

enum { SECURITY_LEVEL = 2, SUBJECT_TEXT_MAX = 160 };

/* What one end demands of its own certificate and of the other's. */
struct role {
	enum tls_peer_kind own, peer;
	int own_purpose;
	const char *peer_purpose; /* OpenSSL's name of the verification parameters */
	const char *own_usage;
	bool devices; /* the peer is none of ours: no identity of ours in certificates */
};

static const struct role server_role = {
	.own = TLS_PEER_COLLECTOR,
	.peer = TLS_PEER_AGENT,
	.own_purpose = X509_PURPOSE_SSL_SERVER,
	.peer_purpose = "ssl_client",
	.own_usage = "serverAuth",
};

static const struct role client_role = {
	.own = TLS_PEER_AGENT,
	.peer = TLS_PEER_COLLECTOR,
	.own_purpose = X509_PURPOSE_SSL_CLIENT,
	.peer_purpose = "ssl_server",
	.own_usage = "clientAuth",
};

static const struct role devices_role = {
	.own = TLS_PEER_COLLECTOR,
	.own_purpose = X509_PURPOSE_SSL_SERVER,
	.peer_purpose = "ssl_client",
	.own_usage = "serverAuth",
	.devices = true,
};

/* ---- where things hang on OpenSSL's objects ------------------------------------ */

static CRYPTO_ONCE indexes_once = CRYPTO_ONCE_STATIC_INIT;
static int store_revocation = -1; /* X509_STORE -> struct revocation, owned */
static int ctx_role = -1;         /* SSL_CTX -> const struct role */
static int ssl_refusal = -1;      /* SSL -> text of why the peer was refused, owned */

static void free_revocation(
	void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	(void)parent, (void)data, (void)index, (void)argl, (void)argp;
	revocation_free(ptr);
}

static void free_text(
	void *parent, void *ptr, CRYPTO_EX_DATA *data, int index, long argl, void *argp)
{
	(void)parent, (void)data, (void)index, (void)argl, (void)argp;
	OPENSSL_free(ptr);
}

static void get_indexes(void)
{
	store_revocation = CRYPTO_get_ex_new_index(
		CRYPTO_EX_INDEX_X509_STORE, 0, NULL, NULL, NULL, free_revocation);
	ctx_role = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, NULL);
	ssl_refusal = SSL_get_ex_new_index(0, NULL, NULL, NULL, free_text);
}

static bool have_indexes(void)
{
	return CRYPTO_THREAD_run_once(&indexes_once, get_indexes) == 1 &&
	       store_revocation >= 0 && ctx_role >= 0 && ssl_refusal >= 0;
}

/* ---- words --------------------------------------------------------------------- */

static const char *code_words(unsigned long code)
{
	const char *reason = NULL;

	if (ERR_SYSTEM_ERROR(code))
		return strerror(ERR_GET_REASON(code));
	reason = ERR_reason_error_string(code);
	return reason != NULL ? reason : "no reason given";
}

bool tls_err(struct err *err, const char *what)
{
	unsigned long code = ERR_get_error();

	err_set(err, "%s: %s", what, code != 0 ? code_words(code) : "no reason given");
	ERR_clear_error();
	return false;
}

static const char *verify_words(int code)
{
	switch (code) {
	case X509_V_ERR_CERT_REVOKED:
		return "it is revoked";
	case X509_V_ERR_UNABLE_TO_GET_CRL:
		return "the CRL file has no CRL of its issuer";
	case X509_V_ERR_CRL_HAS_EXPIRED:
		return "the CRL of its issuer has expired; nobody is let in before a new one "
		       "is loaded";
	case X509_V_ERR_CRL_NOT_YET_VALID:
		return "the CRL of its issuer is not valid yet; is this machine's clock right?";
	case X509_V_ERR_CERT_NOT_YET_VALID:
		return "it is not valid yet; are both machines' clocks right?";
	case X509_V_ERR_INVALID_PURPOSE:
		return "its key usage is for another purpose";
	case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
		return "no CA that is trusted here issued it";
	default:
		return X509_verify_cert_error_string(code);
	}
}

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
static void describe(X509 *cert, const char *why, struct err *err)
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

static bool read_peer(X509 *cert, struct tls_peer *peer, const char **why)
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

	if (read_peer(cert, peer, &why))
		return true;
	describe(cert, why, err);
	return false;
}

/* ---- verifying a peer ---------------------------------------------------------- */

static int64_t time_of(X509_STORE_CTX *verify)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(verify);

	if (X509_VERIFY_PARAM_get_flags(param) & X509_V_FLAG_USE_CHECK_TIME)
		return X509_VERIFY_PARAM_get_time(param);
	return time(NULL);
}

static int refuse(X509_STORE_CTX *verify, X509 *cert, int depth, int code)
{
	X509_STORE_CTX_set_error(verify, code);
	X509_STORE_CTX_set_error_depth(verify, depth);
	X509_STORE_CTX_set_current_cert(verify, cert);
	return 0;
}

/* In the place of OpenSSL's own: every certificate below the root must be known as good. */
static int check_revocation(X509_STORE_CTX *verify)
{
	const struct revocation *revocation =
		X509_STORE_get_ex_data(X509_STORE_CTX_get0_store(verify), store_revocation);
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(verify);

	if (revocation == NULL)
		return 1;
	for (int i = 0; i + 1 < sk_X509_num(chain); i++) {
		X509 *cert = sk_X509_value(chain, i);
		int code = revocation_check(
			revocation, cert, sk_X509_value(chain, i + 1), time_of(verify));
		if (code != X509_V_OK)
			return refuse(verify, cert, i, code);
	}
	return 1;
}

static bool identity_fits(X509 *cert, const struct role *role, const char **why)
{
	struct tls_peer peer;

	if (!read_peer(cert, &peer, why))
		return false;
	*why = "it is a CA certificate";
	if (X509_check_ca(cert) != 0)
		return false;
	*why = "no extended key usage";
	if (X509_get_extended_key_usage(cert) == UINT32_MAX)
		return false;
	*why = "its identity is of another kind";
	return peer.kind == role->peer;
}

/* All that is demanded of a peer's certificate. False with the words in `err`. */
static bool verify(X509_STORE_CTX *verify, const struct role *role, struct err *err)
{
	const char *why = NULL;
	X509 *leaf = X509_STORE_CTX_get0_cert(verify);

	if (X509_verify_cert(verify) != 1) {
		int code = X509_STORE_CTX_get_error(verify);
		describe(X509_STORE_CTX_get_current_cert(verify), verify_words(code), err);
		return false;
	}
	if (role->devices || identity_fits(leaf, role, &why))
		return true;
	X509_STORE_CTX_set_error(verify, X509_V_ERR_APPLICATION_VERIFICATION);
	describe(leaf, why, err);
	return false;
}

static int on_peer_certificate(X509_STORE_CTX *store_ctx, void *role)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store_ctx, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct err err;

	if (verify(store_ctx, role, &err))
		return 1;
	OPENSSL_free(SSL_get_ex_data(ssl, ssl_refusal));
	SSL_set_ex_data(ssl, ssl_refusal, OPENSSL_strdup(err.text));
	return 0;
}

/* ---- contexts ------------------------------------------------------------------ */

static int no_passphrase(char *buf, int size, int writing, void *user)
{
	(void)buf, (void)size, (void)writing, (void)user;
	return -1;
}

/* Nobody but the owner may read the key; looked at on the open file. */
static bool is_private(FILE *file, const char *path, struct err *err)
{
	struct stat st;

	if (fstat(fileno(file), &st) != 0)
		return err_sys(err, "%s", path);
	if ((st.st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return err_set(err,
			"%s: others can read this key (mode %04o); run: chmod 600 %s", path,
			st.st_mode & 07777U, path);
	return true;
}

static EVP_PKEY *read_key(const char *path, struct err *err)
{
	FILE *file = fopen(path, "re");
	EVP_PKEY *key = NULL;

	if (file == NULL) {
		err_sys(err, "%s", path);
		return NULL;
	}
	if (is_private(file, path, err)) {
		key = PEM_read_PrivateKey(file, NULL, no_passphrase, NULL);
		if (key == NULL)
			tls_err(err, path);
	}
	(void)fclose(file);
	return key;
}

static bool use_key(SSL_CTX *ctx, const struct tls_settings *settings, struct err *err)
{
	EVP_PKEY *key = read_key(settings->key_file, err);
	bool ok = false;

	if (key == NULL)
		return false;
	if (X509_check_private_key(SSL_CTX_get0_certificate(ctx), key) != 1)
		err_set(err, "%s is not the key of %s", settings->key_file,
			settings->cert_file);
	else if (SSL_CTX_use_PrivateKey(ctx, key) != 1)
		tls_err(err, settings->key_file);
	else
		ok = true;
	EVP_PKEY_free(key);
	ERR_clear_error();
	return ok;
}

static bool own_fits(SSL_CTX *ctx, const struct role *role, struct err *err)
{
	struct tls_peer own;
	X509 *cert = SSL_CTX_get0_certificate(ctx);

	if (role->devices)
		return X509_check_purpose(cert, role->own_purpose, 0) == 1 ||
		       err_set(err, "its extended key usage lacks %s", role->own_usage);
	if (!tls_identity_of(cert, &own, err))
		return false;
	if (own.kind != role->own)
		return err_set(err,
			"its identity is of the other kind: agents and collectors have "
			"certificates of their own");
	if (X509_get_extended_key_usage(cert) == UINT32_MAX ||
		X509_check_purpose(cert, role->own_purpose, 0) != 1)
		return err_set(err, "its extended key usage lacks %s", role->own_usage);
	return true;
}

static bool use_own(SSL_CTX *ctx, const struct tls_settings *settings, const struct role *role,
	struct err *err)
{
	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	if (SSL_CTX_use_certificate_chain_file(ctx, settings->cert_file) != 1)
		return tls_err(err, settings->cert_file);
	if (!own_fits(ctx, role, err))
		return err_within(err, "%s", settings->cert_file);
	return use_key(ctx, settings, err);
}

static bool trust(X509_STORE *store, STACK_OF(X509) * authorities, struct err *err)
{
	if (sk_X509_num(authorities) == 0)
		return err_set(err, "no certificate in it");
	for (int i = 0; i < sk_X509_num(authorities); i++) {
		X509 *cert = sk_X509_value(authorities, i);

		if (X509_check_ca(cert) != 1) {
			describe(cert, "it is not a CA certificate", err);
			return false;
		}
		if (X509_STORE_add_cert(store, cert) != 1)
			return tls_err(err, "trusting it");
	}
	return true;
}

static STACK_OF(X509) * read_authorities(const char *path, struct err *err)
{
	STACK_OF(X509) *authorities = sk_X509_new_null();
	BIO *bio = BIO_new_file(path, "r");
	X509 *cert = NULL;

	if (bio == NULL || authorities == NULL) {
		tls_err(err, path);
		BIO_free(bio);
		sk_X509_free(authorities);
		return NULL;
	}
	while ((cert = PEM_read_bio_X509(bio, NULL, no_passphrase, NULL)) != NULL)
		sk_X509_push(authorities, cert);
	BIO_free(bio);
	if (ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE) {
		ERR_clear_error();
		return authorities;
	}
	tls_err(err, path);
	sk_X509_pop_free(authorities, X509_free);
	return NULL;
}

static struct revocation *revocation_of(const SSL_CTX *ctx)
{
	return X509_STORE_get_ex_data(SSL_CTX_get_cert_store(ctx), store_revocation);
}

static bool use_crls(
	X509_STORE *store, const char *crl_file, STACK_OF(X509) * authorities, struct err *err)
{
	if (crl_file == NULL || crl_file[0] == '\0')
		return true;

	struct revocation *revocation = revocation_load(crl_file, authorities, err);
	if (revocation == NULL)
		return false;
	if (X509_STORE_set_ex_data(store, store_revocation, revocation) != 1) {
		revocation_free(revocation);
		return tls_err(err, crl_file);
	}
	X509_STORE_set_check_revocation(store, check_revocation);
	return true;
}

static bool use_authorities(SSL_CTX *ctx, const struct tls_settings *settings, struct err *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	STACK_OF(X509) *authorities = read_authorities(settings->ca_file, err);
	bool ok = false;

	if (authorities == NULL)
		return false;
	if (trust(store, authorities, err))
		ok = use_crls(store, settings->crl_file, authorities, err);
	else
		err_within(err, "%s", settings->ca_file);
	sk_X509_pop_free(authorities, X509_free);
	return ok;
}

/* What the agent port speaks, whoever is at the other end. */
static bool limit_protocol(SSL_CTX *ctx, const struct role *role, struct err *err)
{
	const int oldest = role->devices ? TLS1_2_VERSION : TLS1_3_VERSION;

	SSL_CTX_set_security_level(ctx, SECURITY_LEVEL);
	if (SSL_CTX_set_min_proto_version(ctx, oldest) != 1 ||
		SSL_CTX_set_cipher_list(ctx, "ECDHE+AESGCM:ECDHE+CHACHA20") != 1 ||
		SSL_CTX_set1_groups_list(
			ctx, role->devices ? "X25519:P-256:P-384" : "X25519:P-256") != 1 ||
		SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
					      "TLS_CHACHA20_POLY1305_SHA256") != 1)
		return tls_err(err, "setting up TLS");
	SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION |
					 SSL_OP_NO_COMPRESSION | SSL_OP_IGNORE_UNEXPECTED_EOF |
					 SSL_OP_CIPHER_SERVER_PREFERENCE |
					 SSL_OP_PRIORITIZE_CHACHA);
	SSL_CTX_set_num_tickets(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	/* Without NO_AUTO_CHAIN our own chain would be built and verified per handshake. */
	SSL_CTX_set_mode(ctx, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_NO_AUTO_CHAIN |
				      SSL_MODE_ENABLE_PARTIAL_WRITE |
				      SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_max_cert_list(ctx, TLS_CHAIN_BYTES_MAX);
	SSL_CTX_set_verify_depth(ctx, TLS_INTERMEDIATES_MAX);
	return true;
}

static SSL_CTX *empty_context(
	const SSL_METHOD *method, const struct role *role, struct err *err)
{
	/* OpenSSL takes user pointers without const; the role is only read. */
	union {
		const struct role *read;
		void *any;
	} user = {.read = role};

	if (!have_indexes()) {
		tls_err(err, "OpenSSL");
		return NULL;
	}
	SSL_CTX *ctx = SSL_CTX_new(method);
	if (ctx == NULL) {
		tls_err(err, "OpenSSL");
		return NULL;
	}
	SSL_CTX_set_ex_data(ctx, ctx_role, user.any);
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	SSL_CTX_set_cert_verify_callback(ctx, on_peer_certificate, user.any);
	if (limit_protocol(ctx, role, err))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

static SSL_CTX *new_context(const SSL_METHOD *method, const struct role *role,
	const struct tls_settings *settings, struct err *err)
{
	SSL_CTX *ctx = empty_context(method, role, err);

	if (ctx != NULL && use_own(ctx, settings, role, err) &&
		(settings->ca_file == NULL || use_authorities(ctx, settings, err)))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

SSL_CTX *tls_server_new(const struct tls_settings *settings, struct err *err)
{
	return new_context(TLS_server_method(), &server_role, settings, err);
}

SSL_CTX *tls_devices_new(
	const struct tls_settings *settings, enum tls_clients clients, struct err *err)
{
	static const int modes[] = {
		[TLS_CLIENTS_NONE] = SSL_VERIFY_NONE,
		[TLS_CLIENTS_OPTIONAL] = SSL_VERIFY_PEER,
		[TLS_CLIENTS_REQUIRED] = SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
	};
	struct tls_settings files = *settings;

	if (clients == TLS_CLIENTS_NONE)
		files.ca_file = files.crl_file = NULL;
	SSL_CTX *ctx = new_context(TLS_server_method(), &devices_role, &files, err);
	if (ctx != NULL)
		SSL_CTX_set_verify(ctx, modes[clients], NULL);
	return ctx;
}

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

void tls_bye(SSL *ssl)
{
	if (!SSL_is_init_finished(ssl))
		return;
	SSL_set_shutdown(ssl, SSL_RECEIVED_SHUTDOWN);
	(void)SSL_shutdown(ssl);
	ERR_clear_error();
}

SSL_CTX *tls_client_new(const struct tls_settings *settings, struct err *err)
{
	return new_context(TLS_client_method(), &client_role, settings, err);
}

static bool copy_own(SSL_CTX *ctx, SSL_CTX *from, struct err *err)
{
	STACK_OF(X509) *chain = NULL;

	if (SSL_CTX_get0_chain_certs(from, &chain) != 1 ||
		SSL_CTX_use_cert_and_key(ctx, SSL_CTX_get0_certificate(from),
			SSL_CTX_get0_privatekey(from), chain, 1) != 1)
		return tls_err(err, "own certificate");
	return true;
}

static bool renew_crls(SSL_CTX *ctx, const SSL_CTX *from, const char *crl_file, struct err *err)
{
	STACK_OF(X509) *authorities = X509_STORE_get1_all_certs(SSL_CTX_get_cert_store(from));
	X509_STORE *store = SSL_CTX_get_cert_store(ctx);
	const struct revocation *before = revocation_of(from);
	bool ok = trust(store, authorities, err) && use_crls(store, crl_file, authorities, err);

	sk_X509_pop_free(authorities, X509_free);
	if (!ok || before == NULL)
		return ok;
	return revocation_may_follow(
		       before, revocation_of(ctx), clock_wall_ns() / CLOCK_NS_PER_S, err) ||
	       err_within(err, "%s", crl_file);
}

SSL_CTX *tls_client_renew(SSL_CTX *from, const char *crl_file, struct err *err)
{
	SSL_CTX *ctx = empty_context(TLS_client_method(), &client_role, err);

	if (ctx != NULL && copy_own(ctx, from, err) && renew_crls(ctx, from, crl_file, err))
		return ctx;
	SSL_CTX_free(ctx);
	return NULL;
}

bool tls_own(const SSL_CTX *ctx, struct tls_peer *own, struct err *err)
{
	return tls_identity_of(SSL_CTX_get0_certificate(ctx), own, err);
}

struct validity tls_own_validity(const SSL_CTX *ctx)
{
	const X509 *own = SSL_CTX_get0_certificate(ctx);

	return (struct validity){
		.from_ns = revocation_time_ns(X509_get0_notBefore(own)),
		.until_ns = revocation_time_ns(X509_get0_notAfter(own)),
	};
}

bool tls_crl_validity(const SSL_CTX *ctx, struct validity *validity)
{
	const struct revocation *revocation = revocation_of(ctx);

	if (revocation != NULL)
		*validity = revocation_validity(revocation);
	return revocation != NULL;
}

/* ---- sessions ------------------------------------------------------------------ */

bool tls_peer(const SSL *ssl, struct tls_peer *peer, struct err *err)
{
	X509 *cert = SSL_get0_peer_certificate(ssl);

	if (!SSL_is_init_finished(ssl) || cert == NULL ||
		SSL_get_verify_result(ssl) != X509_V_OK)
		return err_set(err, "no verified peer");
	return tls_identity_of(cert, peer, err);
}

bool tls_peer_still_good(SSL_CTX *ctx, const SSL *ssl, struct err *err)
{
	const struct role *role = SSL_CTX_get_ex_data(ctx, ctx_role);
	X509 *cert = SSL_get0_peer_certificate(ssl);
	X509_STORE_CTX *again = X509_STORE_CTX_new();
	bool ok = false;

	if (cert == NULL) {
		err_set(err, "no peer certificate");
	} else if (again == NULL || X509_STORE_CTX_init(again, SSL_CTX_get_cert_store(ctx),
					    cert, SSL_get_peer_cert_chain(ssl)) != 1) {
		tls_err(err, "verifying");
	} else {
		X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(again);
		X509_STORE_CTX_set_default(again, role->peer_purpose);
		X509_VERIFY_PARAM_set_auth_level(param, SSL_CTX_get_security_level(ctx));
		X509_VERIFY_PARAM_set1(param, SSL_CTX_get0_param(ctx));
		ok = verify(again, role, err);
	}
	X509_STORE_CTX_free(again);
	ERR_clear_error();
	return ok;
}

bool tls_handshake_err(const SSL *ssl, unsigned long code, struct err *err)
{
	const char *refusal = SSL_get_ex_data(ssl, ssl_refusal);

	if (code == 0)
		code = ERR_get_error();
	ERR_clear_error();
	if (refusal != NULL)
		return err_set(err, "refused: %s", refusal);
	if (code == 0)
		return err_set(err, "the peer closed the connection in the handshake");
	if (ERR_GET_LIB(code) == ERR_LIB_SSL && ERR_GET_REASON(code) > SSL_AD_REASON_OFFSET)
		return err_set(err, "refused by the peer: %s", code_words(code));
	return err_set(err, "%s", code_words(code));
}
