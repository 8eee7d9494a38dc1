#include "collector/national/xmldsig.h"

#include <libxml/c14n.h>
#include <openssl/evp.h>

#include "collector/national/trust.h"
#include "collector/national/xml.h"
#include "common/base64.h"

#define ENVELOPED XMLDSIG_NAMESPACE "enveloped-signature"

enum { PART_MAX = 64 << 10, ALGORITHM_MAX = 256 };

static const struct national_xml w3c = {
	.canonicalization = "http://www.w3.org/2001/10/xml-exc-c14n#",
	.signature_method = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
	.digest_method = "http://www.w3.org/2001/04/xmlenc#sha256",
};

/* ---- digests ------------------------------------------------------------------------ */

static int hash_more(void *user, const char *bytes, int len)
{
	return EVP_DigestUpdate(user, bytes, (size_t)len) == 1 ? len : -1;
}

/* `apex` and all below it; attributes and namespaces belong to their element, `parent`. */
static int is_below(void *apex, xmlNode *node, xmlNode *parent)
{
	bool is_node = node->type != XML_NAMESPACE_DECL && node->type != XML_ATTRIBUTE_NODE;

	for (const xmlNode *at = is_node ? node : parent; at != NULL; at = at->parent) {
		if (at == apex)
			return 1;
	}
	return 0;
}

/* SHA-256 of the exclusive canonical form of `apex`, or of the whole document. */
static bool digest_canonical(
	xmlDoc *doc, xmlNode *apex, unsigned char digest[SIGNER_DIGEST_SIZE])
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	EVP_DigestInit_ex(context, EVP_sha256(), NULL);
	xmlOutputBuffer *out = xmlOutputBufferCreateIO(hash_more, NULL, context, NULL);
	bool done = xmlC14NExecute(doc, apex != NULL ? is_below : NULL, apex,
			    XML_C14N_EXCLUSIVE_1_0, NULL, 0, out) >= 0;
	done &= xmlOutputBufferClose(out) >= 0;
	EVP_DigestFinal_ex(context, digest, NULL);
	EVP_MD_CTX_free(context);
	return done;
}

/* ---- signing ------------------------------------------------------------------------ */

static void add_empty(struct strbuf *out, const char *element, const char *algorithm)
{
	strbuf_addf(out, "<%s Algorithm=\"", element);
	xml_escape(out, slice_str(algorithm));
	strbuf_addf(out, "\"></%s>", element);
}

static void add_base64(struct strbuf *out, const char *element, const void *bytes, size_t len)
{
	strbuf_addf(out, "<%s>", element);
	base64_add(out, BASE64_PLAIN, slice_of(bytes, len));
	strbuf_addf(out, "</%s>", element);
}

/* In its canonical form already: what is hashed is what is written. */
static void add_signed_info(
	struct strbuf *out, const struct national_xml *names, const unsigned char *digest)
{
	strbuf_add_str(out, "<SignedInfo xmlns=\"" XMLDSIG_NAMESPACE "\">");
	add_empty(out, "CanonicalizationMethod", names->canonicalization);
	add_empty(out, "SignatureMethod", names->signature_method);
	strbuf_add_str(out, "<Reference URI=\"\"><Transforms>");
	add_empty(out, "Transform", ENVELOPED);
	add_empty(out, "Transform", names->canonicalization);
	strbuf_add_str(out, "</Transforms>");
	add_empty(out, "DigestMethod", names->digest_method);
	add_base64(out, "DigestValue", digest, SIGNER_DIGEST_SIZE);
	strbuf_add_str(out, "</Reference></SignedInfo>");
}

static void add_key_info(struct strbuf *out, X509 *certificate, struct slice der)
{
	struct strbuf subject = STRBUF_INIT(PART_MAX);

	trust_subject(certificate, &subject);
	strbuf_add_str(out, "<KeyInfo><X509Data><X509SubjectName>");
	xml_escape(out, strbuf_slice(&subject));
	strbuf_add_str(out, "</X509SubjectName>");
	add_base64(out, "X509Certificate", der.ptr, der.len);
	strbuf_add_str(out, "</X509Data></KeyInfo>");
	strbuf_done(&subject);
}

static bool digest_document(
	struct slice text, unsigned char digest[SIGNER_DIGEST_SIZE], struct err *err)
{
	struct strbuf why = STRBUF_INIT(ERR_TEXT_MAX);
	struct mistakes mistakes = mistakes_into(&why, "document");
	xmlDoc *doc = xml_read_own(text, &mistakes);
	bool done = doc != NULL && digest_canonical(doc, NULL, digest);

	if (!done)
		err_set(err, "cannot be signed: %s", strbuf_cstr(&why));
	xmlFreeDoc(doc);
	strbuf_done(&why);
	return done;
}

static bool add_signature(struct signer *signer, const struct national_xml *names,
	const unsigned char *document_digest, uint32_t timeout_ms, struct strbuf *out,
	struct err *err)
{
	unsigned char der[SIGNER_CERTIFICATE_MAX], digest[SIGNER_DIGEST_SIZE];
	struct strbuf info = STRBUF_INIT(PART_MAX);
	enum signer_algorithm algorithm;
	struct signature signature;
	size_t len;

	add_signed_info(&info, names, document_digest);
	EVP_Digest(info.ptr, info.len, digest, NULL, EVP_sha256(), NULL);
	bool done = signer_certificate(
			    signer, SIGNER_XML, timeout_ms, der, &len, &algorithm, err) &&
		    signer_sign(signer, SIGNER_XML, digest, timeout_ms, &signature, err);
	const unsigned char *at = der;
	X509 *certificate = done ? d2i_X509(NULL, &at, (long)len) : NULL;

	if (done && certificate == NULL)
		done = err_set(err, "the signer's certificate cannot be read");
	if (done) {
		strbuf_add_str(out, "<Signature xmlns=\"" XMLDSIG_NAMESPACE "\">");
		strbuf_add(out, strbuf_slice(&info));
		add_base64(out, "SignatureValue", signature.bytes, signature.len);
		add_key_info(out, certificate, slice_of(der, len));
		strbuf_add_str(out, "</Signature>");
	}
	X509_free(certificate);
	strbuf_done(&info);
	return done;
}

static bool verify_own(const struct national_xml *names, struct slice text, struct err *err)
{
	struct strbuf report = STRBUF_INIT(PART_MAX);
	struct mistakes mistakes = mistakes_into(&report, "document");
	xmlDoc *doc = xml_read_own(text, &mistakes);
	bool right = doc != NULL && xmldsig_verify(names, doc, NULL, &report);

	if (!right)
		err_set(err, "the signature just made does not hold: %s", strbuf_cstr(&report));
	xmlFreeDoc(doc);
	strbuf_done(&report);
	return right;
}

/* What stands behind `before` in `out` is the signed document. */
static bool holds(const struct national_xml *names, const struct strbuf *out, size_t before,
	struct err *err)
{
	if (out->overflow)
		return err_set(err, "the signed document passes %zu bytes", out->limit);
	return verify_own(names, slice_from(strbuf_slice(out), before), err);
}

enum xmldsig_outcome xmldsig_sign(struct signer *signer, const struct national_xml *names,
	struct slice text, size_t at, uint32_t timeout_ms, struct strbuf *out, struct err *err)
{
	unsigned char digest[SIGNER_DIGEST_SIZE];
	enum xmldsig_outcome outcome = XMLDSIG_SPOILED;
	size_t before = out->len;

	if (!digest_document(text, digest, err))
		return outcome;
	strbuf_add(out, slice_head(text, at));
	if (!add_signature(signer, names, digest, timeout_ms, out, err)) {
		outcome = XMLDSIG_NO_SIGNER;
	} else {
		strbuf_add(out, slice_from(text, at));
		if (holds(names, out, before, err))
			return XMLDSIG_SIGNED;
	}
	strbuf_cut(out, before);
	return outcome;
}

/* ---- verifying ---------------------------------------------------------------------- */

struct verifying {
	const struct national_xml *names;
	xmlDoc *doc;
	xmlNode *signature, *info, *reference;
	X509 *certificate; /* owned */
	struct err *err;
};

static bool fail(struct verifying *verifying, const char *why)
{
	return err_set(verifying->err, "%s", why);
}

static xmlNode *child(const xmlNode *parent, const char *name)
{
	return xml_child(parent, name, XMLDSIG_NAMESPACE);
}

/* The next node of the tree below `top` in the order of the text. */
static xmlNode *next_node(xmlNode *node, const xmlNode *top)
{
	if (node->type == XML_ELEMENT_NODE && node->children != NULL)
		return node->children;
	while (node != top && node->next == NULL)
		node = node->parent;
	return node != top ? node->next : NULL;
}

/* A document with two would let one stand for what the other signed. */
static bool find_signature(struct verifying *verifying)
{
	xmlNode *root = xmlDocGetRootElement(verifying->doc);

	for (xmlNode *node = root; node != NULL; node = next_node(node, root)) {
		if (!xml_is(node, "Signature", XMLDSIG_NAMESPACE))
			continue;
		if (verifying->signature != NULL)
			return fail(verifying, "there is more than one signature");
		verifying->signature = node;
	}
	if (verifying->signature == NULL || verifying->signature == root)
		return fail(verifying, "there is no signature");
	verifying->info = child(verifying->signature, "SignedInfo");
	verifying->reference = child(verifying->info, "Reference");
	return verifying->reference != NULL || fail(verifying, "the signature signs nothing");
}

static bool has_algorithm(const xmlNode *node, const char *configured, const char *standard)
{
	struct strbuf name = STRBUF_INIT(ALGORITHM_MAX);

	xml_attribute(node, "Algorithm", &name);
	struct slice got = strbuf_slice(&name);
	bool has = node != NULL && xml_element(node->children) == NULL &&
		   (slice_eq(got, slice_str(configured)) || slice_eq(got, slice_str(standard)));
	strbuf_done(&name);
	return has;
}

static bool has_empty_uri(const xmlNode *reference)
{
	struct strbuf uri = STRBUF_INIT(ALGORITHM_MAX);

	xml_attribute(reference, "URI", &uri);
	bool is_empty = uri.len == 0 && !uri.overflow &&
			xmlHasProp(reference, (const xmlChar *)"URI") != NULL;
	strbuf_done(&uri);
	return is_empty;
}

static bool check_transforms(struct verifying *verifying)
{
	const xmlNode *transforms = child(verifying->reference, "Transforms");
	xmlNode *first = transforms != NULL ? xml_element(transforms->children) : NULL;
	xmlNode *second = first != NULL ? xml_element(first->next) : NULL;

	if (second == NULL || xml_element(second->next) != NULL ||
		!xml_is(first, "Transform", XMLDSIG_NAMESPACE) ||
		!xml_is(second, "Transform", XMLDSIG_NAMESPACE) ||
		!has_algorithm(first, ENVELOPED, ENVELOPED) ||
		!has_algorithm(
			second, verifying->names->canonicalization, w3c.canonicalization))
		return fail(verifying, "the transforms are not enveloped-signature and "
				       "exclusive canonicalization");
	return true;
}

static bool check_form(struct verifying *verifying)
{
	const struct national_xml *names = verifying->names;
	const xmlNode *info = verifying->info, *reference = verifying->reference;

	if (!has_algorithm(child(info, "CanonicalizationMethod"), names->canonicalization,
		    w3c.canonicalization))
		return fail(verifying, "the canonicalization method is not a known one");
	if (!has_algorithm(child(info, "SignatureMethod"), names->signature_method,
		    w3c.signature_method))
		return fail(verifying, "the signature method is not RSA with SHA-256");
	if (!has_algorithm(
		    child(reference, "DigestMethod"), names->digest_method, w3c.digest_method))
		return fail(verifying, "the digest method is not SHA-256");
	if (xml_element(reference->next) != NULL || !has_empty_uri(reference))
		return fail(verifying, "the signature is not of the whole document alone");
	return check_transforms(verifying);
}

/* Base64 in an element, blanks and line ends in it passed over. */
static bool read_base64(const xmlNode *node, struct strbuf *out)
{
	struct strbuf text = STRBUF_INIT(PART_MAX);
	size_t len = 0;

	xml_text(node, &text);
	for (size_t i = 0; i < text.len; i++) {
		if (strchr(" \t\r\n", text.ptr[i]) == NULL)
			text.ptr[len++] = text.ptr[i];
	}
	strbuf_cut(&text, len);
	bool done = node != NULL && !text.overflow &&
		    base64_read(out, BASE64_PLAIN, strbuf_slice(&text));
	strbuf_done(&text);
	return done;
}

static bool read_certificate(struct verifying *verifying)
{
	struct strbuf der = STRBUF_INIT(SIGNER_CERTIFICATE_MAX);
	const xmlNode *data = child(child(verifying->signature, "KeyInfo"), "X509Data");

	if (read_base64(child(data, "X509Certificate"), &der)) {
		const unsigned char *at = (const unsigned char *)der.ptr;

		verifying->certificate = d2i_X509(NULL, &at, (long)der.len);
	}
	strbuf_done(&der);
	return verifying->certificate != NULL ||
	       fail(verifying, "there is no certificate in KeyInfo");
}

static bool check_signature(struct verifying *verifying)
{
	struct strbuf value = STRBUF_INIT(SIGNER_SIGNATURE_MAX);
	unsigned char digest[SIGNER_DIGEST_SIZE];
	bool right = read_base64(child(verifying->signature, "SignatureValue"), &value) &&
		     digest_canonical(verifying->doc, verifying->info, digest) &&
		     trust_signature(verifying->certificate, SIGNER_RS256, digest,
			     strbuf_slice(&value));

	strbuf_done(&value);
	return right || fail(verifying, "the signature is not of this certificate");
}

/* The enveloped-signature transform: the document without the signature. It is taken out of
 * the tree for that and put back in its place. */
static bool digest_without_signature(
	const struct verifying *verifying, unsigned char digest[SIGNER_DIGEST_SIZE])
{
	xmlNode *signature = verifying->signature;
	xmlNode *next = signature->next, *parent = signature->parent;

	xmlUnlinkNode(signature);
	bool done = digest_canonical(verifying->doc, NULL, digest);
	if (next != NULL)
		xmlAddPrevSibling(next, signature);
	else
		xmlAddChild(parent, signature);
	return done;
}

static bool check_digest(struct verifying *verifying)
{
	struct strbuf value = STRBUF_INIT(SIGNER_DIGEST_SIZE);
	unsigned char digest[SIGNER_DIGEST_SIZE];
	bool right = read_base64(child(verifying->reference, "DigestValue"), &value) &&
		     digest_without_signature(verifying, digest) &&
		     slice_eq(strbuf_slice(&value), slice_of(digest, sizeof(digest)));

	strbuf_done(&value);
	return right || fail(verifying, "the document was changed after it was signed");
}

static bool check_trust(struct verifying *verifying, const char *ca_file)
{
	if (ca_file == NULL)
		return true;
	STACK_OF(X509) *trusted = trust_load(ca_file, verifying->err);

	bool holds =
		trusted != NULL && trust_holds(trusted, verifying->certificate, verifying->err);
	sk_X509_pop_free(trusted, X509_free);
	return holds;
}

bool xmldsig_verify(const struct national_xml *names, xmlDoc *doc, const char *ca_file,
	struct strbuf *report)
{
	struct err err;
	struct verifying verifying = {.names = names, .doc = doc, .err = &err};
	bool right = find_signature(&verifying) && check_form(&verifying) &&
		     read_certificate(&verifying) && check_signature(&verifying) &&
		     check_digest(&verifying) && check_trust(&verifying, ca_file);

	if (right)
		trust_report(verifying.certificate, "RSA with SHA-256", ca_file, report);
	else
		strbuf_addf(report, "signature: %s\n", err.text);
	X509_free(verifying.certificate);
	return right;
}
