/*
 * pki - keys, certificates and CRLs, made with the OpenSSL library
 *
 * Builds objects in memory; ca.h keeps them in a folder. Profiles:
 *
 *	             key usage                       extended key usage  alternative names
 *	CA           keyCertSign, cRLSign            -                   -
 *	agent        digitalSignature                clientAuth          identity URI
 *	collector    digitalSignature                serverAuth          identity URI, DNS, IP
 *	client       digitalSignature                clientAuth          -
 *	server       digitalSignature                serverAuth          DNS, IP
 *	signer       digitalSignature, nonRepudiation documentSigning (RFC 9336)  -
 *
 * X.509 version 3 and CRL version 2 (RFC 5280), signed with SHA-256. Serial
 * numbers are 127 random bits, so always positive. Certificates are valid from
 * an hour before they are made, for machines whose clock is behind.
 *
 * Any thread, one at a time per object. The caller frees what is returned.
 */
#ifndef COMMON_PKI_H
#define COMMON_PKI_H

#include <openssl/x509.h>

#include "common/err.h"
#include "common/strbuf.h"
#include "common/tls.h"

enum {
	PKI_NAME_MAX = 64,  /* characters of a common name (RFC 5280 ub-common-name) */
	PKI_LABEL_MAX = 64, /* bytes */
	PKI_HOSTS_MAX = 16,
	PKI_PEM_MAX = 64 << 10, /* bytes of a certificate, key or request */
	PKI_CRL_MAX = 32 << 20,
	PKI_CA_DAYS = 3652,
	PKI_LEAF_DAYS = 90,
	PKI_CRL_DAYS = 7,
	PKI_BACKDATE_SECONDS = 3600,
};

enum pki_key {
	PKI_KEY_P256,
	PKI_KEY_RSA3072,
};

enum pki_profile {
	PKI_AGENT,
	PKI_COLLECTOR,
	PKI_CLIENT,
	PKI_SERVER,
	PKI_SIGNER,
};

struct pki_request {
	enum pki_profile profile;
	const char *common_name;  /* UTF-8 without controls; what people read */
	const char *label;        /* of clients, servers, signers: A-Z a-z 0-9 . _ - */
	struct tls_peer identity; /* of agents and collectors: kind, agency, host, name */
	const char *const *dns;   /* PKI_COLLECTOR, PKI_SERVER */
	const char *const *ip;    /* textual addresses */
	size_t n_dns, n_ip;       /* PKI_HOSTS_MAX each at most */
	uint32_t days;            /* 1.. ; never beyond the CA's own end */
};

struct pki_revoked {
	const char *serial; /* hexadecimal */
	int64_t at_ns;
	int reason; /* RFC 5280 section 5.3.1; 0 = not given */
};

MUST_USE EVP_PKEY *pki_key_new(enum pki_key type, struct err *err);

/* A self-signed CA certificate of `key`. */
MUST_USE X509 *pki_ca_new(
	EVP_PKEY *key, const char *common_name, uint32_t days, int64_t now_ns, struct err *err);

/* Is what a request says possible? */
MUST_USE bool pki_check_request(const struct pki_request *request, struct err *err);

/* A certificate of the public key `subject` as `request` says. What a mistaken request gets
 * is an error in words an operator understands. */
MUST_USE X509 *pki_issue(X509 *ca, EVP_PKEY *ca_key, EVP_PKEY *subject,
	const struct pki_request *request, int64_t now_ns, struct err *err);

/* A CRL with `number` (RFC 5280 section 5.2.3), valid for `days` from now. */
MUST_USE X509_CRL *pki_crl_new(X509 *ca, EVP_PKEY *ca_key, const struct pki_revoked *revoked,
	size_t n_revoked, uint64_t number, uint32_t days, int64_t now_ns, struct err *err);

/* The public key of a certificate signing request (PKCS #10) in PEM; the names in it are not
 * used. Its signature proves that the sender has the private one. Keys weaker than 112 bits
 * are refused. */
MUST_USE EVP_PKEY *pki_csr_key(struct slice pem, struct err *err);

/* PEM text appended to `out`. Private keys are PKCS #8, not encrypted; the caller wipes `out`.
 */
MUST_USE bool pki_cert_pem(X509 *cert, struct strbuf *out, struct err *err);
MUST_USE bool pki_key_pem(EVP_PKEY *key, struct strbuf *out, struct err *err);
MUST_USE bool pki_crl_pem(X509_CRL *crl, struct strbuf *out, struct err *err);

/* The first object in PEM text. Encrypted keys are an error, nobody is asked. */
MUST_USE X509 *pki_cert_read(struct slice pem, struct err *err);
MUST_USE EVP_PKEY *pki_key_read(struct slice pem, struct err *err);
MUST_USE X509_CRL *pki_crl_read(struct slice pem, struct err *err);

/* The CRL's number; 0 when it has none or one beyond 64 bits. */
uint64_t pki_crl_number(X509_CRL *crl);

/* The reason's number by its name in RFC 5280 ("keyCompromise"); -1 when there is none.
 * Names: pki_reasons, ended by NULL; unused numbers are "". */
int pki_reason(const char *name);
extern const char *const pki_reasons[];

/* "agent", "collector", "client", "server", "signer" */
const char *pki_profile_name(enum pki_profile profile);

#endif
