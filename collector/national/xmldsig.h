/*
 * xmldsig - enveloped XML signatures (W3C XML Signature Syntax and Processing)
 *
 * One form only, the one of the reports in standards: Reference URI="" with
 * the transforms enveloped-signature and exclusive canonicalization, SHA-256,
 * RSA with SHA-256, KeyInfo/X509Data{X509SubjectName, X509Certificate}. The
 * names of the algorithms are configuration, what they mean is not: verifying
 * takes the configured names and those of the W3C.
 */
#ifndef COLLECTOR_NATIONAL_XMLDSIG_H
#define COLLECTOR_NATIONAL_XMLDSIG_H

#include <libxml/tree.h>

#include "collector/national/profile.h"
#include "collector/signer/signer.h"
#include "common/strbuf.h"

#define XMLDSIG_NAMESPACE "http://www.w3.org/2000/09/xmldsig#"

enum xmldsig_outcome {
	XMLDSIG_SIGNED,
	XMLDSIG_NO_SIGNER, /* the signer gave no signature: the same may work later */
	XMLDSIG_SPOILED,   /* none can be made for this text, or it does not hold */
};

/*
 * Appends `text`, a document of our own without a signature, with one put in at offset `at`,
 * which must lie between two tags. Waits for the signer at most `timeout_ms` twice. The outcome
 * is verified before it is given away. Nothing is appended, and err says why, unless it was
 * signed.
 */
MUST_USE enum xmldsig_outcome xmldsig_sign(struct signer *signer,
	const struct national_xml *names, struct slice text, size_t at, uint32_t timeout_ms,
	struct strbuf *out, struct err *err);

/* Does the document's one signature hold? As jws_verify(). */
MUST_USE bool xmldsig_verify(const struct national_xml *names, xmlDoc *doc, const char *ca_file,
	struct strbuf *report);

#endif
