// SPDX-License-Identifier: Apache-2.0
#include "web/tls_context.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <utility>

#include "absl/strings/str_join.h"
#include "base/status_macros.h"
#include "base/str_cat.h"

namespace sloburn::web {
namespace {

struct GoName {
  std::string_view go, openssl;
};

// What Go offers by default, strongest first.
constexpr GoName kCiphers[] = {
    {"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", "ECDHE-RSA-AES128-GCM-SHA256"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", "ECDHE-RSA-AES256-GCM-SHA384"},
    {"TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", "ECDHE-RSA-CHACHA20-POLY1305"},
    {"TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", "ECDHE-ECDSA-AES128-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", "ECDHE-RSA-AES128-SHA"},
    {"TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", "ECDHE-ECDSA-AES256-SHA"},
    {"TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", "ECDHE-RSA-AES256-SHA"},
    {"TLS_AES_128_GCM_SHA256", ""},
    {"TLS_AES_256_GCM_SHA384", ""},
    {"TLS_CHACHA20_POLY1305_SHA256", ""},
};
constexpr GoName kCurves[] = {
    {"X25519", "X25519"}, {"CurveP256", "P-256"}, {"CurveP384", "P-384"}, {"CurveP521", "P-521"}};

template <typename Names>
std::optional<std::string_view> Find(const Names& names, std::string_view go) {
  for (const GoName& name : names) {
    if (name.go == go) return name.openssl;
  }
  return std::nullopt;
}

// OpenSSL's reasons hold no part of what it read.
absl::Status TlsError(std::string_view what) {
  const unsigned long code = ERR_peek_last_error();
  const char* const reason = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return absl::InvalidArgumentError(StrCat(what, reason == nullptr ? "" : ": ",
                                           reason == nullptr ? "" : reason));
}

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(X509* cert) const { X509_free(cert); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

Owned<BIO> BioOf(const std::string& pem) {
  return Owned<BIO>(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

// OpenSSL would ask on the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

std::string FieldName(std::string_view field, const std::string& file) {
  return file.empty() ? std::string(field) : StrCat(field, "_file ", file);
}

absl::StatusOr<std::vector<Owned<X509>>> Certificates(const std::string& pem,
                                                      const std::string& name) {
  std::vector<Owned<X509>> all;
  const Owned<BIO> bio = BioOf(pem);
  while (X509* const one = PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr)) {
    all.emplace_back(one);
  }
  if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE) {
    return TlsError(StrCat(name, " holds a certificate that cannot be read"));
  }
  ERR_clear_error();
  if (all.empty()) return absl::InvalidArgumentError(StrCat(name, " holds no PEM certificate"));
  return all;
}

absl::Status UseKeyPair(SSL_CTX* context, const TlsServerConfig& config) {
  const std::string cert_name = FieldName("cert", config.cert_file);
  ASSIGN_OR_RETURN(const std::vector<Owned<X509>> chain, Certificates(config.cert, cert_name));
  if (SSL_CTX_use_certificate(context, chain.front().get()) != 1) {
    return TlsError(StrCat(cert_name, " cannot be used"));
  }
  for (size_t i = 1; i < chain.size(); ++i) {
    if (SSL_CTX_add1_chain_cert(context, chain[i].get()) != 1) {
      return TlsError(StrCat(cert_name, " has a chain that cannot be used"));
    }
  }
  const std::string key_name = FieldName("key", config.key_file);
  const Owned<BIO> bio = BioOf(config.key);
  const Owned<EVP_PKEY> key(PEM_read_bio_PrivateKey(bio.get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) {
    return TlsError(StrCat(key_name, " holds no PEM private key without a passphrase"));
  }
  if (SSL_CTX_use_PrivateKey(context, key.get()) != 1) {
    return TlsError(StrCat(key_name, " does not belong to the certificate in ", cert_name));
  }
  return absl::OkStatus();
}

// What the verification of a client's certificate needs to know.
struct ClientPolicy {
  bool verifies = false;
  std::vector<std::string> allowed_sans;
};

std::string TextOf(const GENERAL_NAME& name) {
  if (name.type == GEN_IPADD) {
    const ASN1_OCTET_STRING* const address = name.d.iPAddress;
    char text[INET6_ADDRSTRLEN] = "";
    const int size = ASN1_STRING_length(address);
    if (size != 4 && size != 16) return "";
    inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(address), text, sizeof text);
    return text;
  }
  if (name.type != GEN_DNS && name.type != GEN_EMAIL && name.type != GEN_URI) return "";
  const ASN1_IA5STRING* const text = name.d.ia5;
  return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                     ASN1_STRING_length(text));
}

bool HasAllowedSan(const X509* cert, const std::vector<std::string>& allowed) {
  const Owned<GENERAL_NAMES> names(static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(cert, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const std::string text = TextOf(*sk_GENERAL_NAME_value(names.get(), i));
    if (!text.empty() && std::find(allowed.begin(), allowed.end(), text) != allowed.end()) {
      return true;
    }
  }
  return false;
}

int VerifyClient(X509_STORE_CTX* store, void* policy_pointer) {
  const auto& policy = *static_cast<const ClientPolicy*>(policy_pointer);
  if (policy.verifies && X509_verify_cert(store) != 1) return 0;
  if (policy.allowed_sans.empty()) return 1;
  try {
    if (HasAllowedSan(X509_STORE_CTX_get0_cert(store), policy.allowed_sans)) return 1;
  } catch (const std::exception&) {  // nothing may be thrown through OpenSSL
  }
  X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
  return 0;
}

absl::Status UseClientCa(SSL_CTX* context, const TlsServerConfig& config) {
  X509_STORE* const store = SSL_CTX_get_cert_store(context);
  // As in Go, what is listed is trusted, whether or not it is a root.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  if (config.client_ca.empty()) {
    if (SSL_CTX_set_default_verify_paths(context) != 1) {
      return TlsError("the system's certificates cannot be read; set client_ca_file");
    }
    return absl::OkStatus();
  }
  const std::string name = FieldName("client_ca", config.client_ca_file);
  ASSIGN_OR_RETURN(const std::vector<Owned<X509>> all, Certificates(config.client_ca, name));
  for (const Owned<X509>& cert : all) {
    if (X509_STORE_add_cert(store, cert.get()) != 1 ||
        SSL_CTX_add_client_CA(context, cert.get()) != 1) {
      return TlsError(StrCat(name, " holds a certificate that cannot be used"));
    }
  }
  return absl::OkStatus();
}

absl::Status UseClientAuth(SSL_CTX* context, const TlsServerConfig& config, ClientPolicy& policy) {
  const ClientAuth auth = config.client_auth;
  if (auth == ClientAuth::kNoClientCert) return absl::OkStatus();
  policy.verifies = auth == ClientAuth::kVerifyClientCertIfGiven ||
                    auth == ClientAuth::kRequireAndVerifyClientCert;
  policy.allowed_sans = config.client_allowed_sans;
  // Without a certificate there is no name that could be allowed.
  const bool requires_cert = auth == ClientAuth::kRequireAnyClientCert ||
                             auth == ClientAuth::kRequireAndVerifyClientCert ||
                             !policy.allowed_sans.empty();
  SSL_CTX_set_verify(context,
                     SSL_VERIFY_PEER | (requires_cert ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
                     nullptr);
  SSL_CTX_set_cert_verify_callback(context, VerifyClient, &policy);
  return policy.verifies || !config.client_ca.empty() ? UseClientCa(context, config)
                                                      : absl::OkStatus();
}

absl::Status UseAlgorithms(SSL_CTX* context, const TlsServerConfig& config) {
  std::vector<std::string> ciphers;
  for (const GoName& one : kCiphers) {
    if (config.cipher_suites.empty() && !one.openssl.empty()) ciphers.emplace_back(one.openssl);
  }
  for (const std::string& one : config.cipher_suites) {
    if (!one.empty()) ciphers.push_back(one);
  }
  // Only suites of TLS 1.3 are listed: what is before it has none.
  const int lowest = ciphers.empty() ? TLS1_3_VERSION : config.min_version;
  if (lowest > config.max_version) {
    return absl::InvalidArgumentError("no TLS version between min_version and max_version is left");
  }
  SSL_CTX_set_min_proto_version(context, lowest);
  SSL_CTX_set_max_proto_version(context, config.max_version);
  std::string list = absl::StrJoin(ciphers, ":");
  // Debian's OpenSSL takes the digests of the old versions for too weak.
  if (lowest < TLS1_2_VERSION) list += ":@SECLEVEL=0";
  if (!ciphers.empty() && SSL_CTX_set_cipher_list(context, list.c_str()) != 1) {
    return TlsError("cipher_suites cannot be used");
  }
  const std::string curves = absl::StrJoin(config.curves, ":");
  if (!curves.empty() && SSL_CTX_set1_groups_list(context, curves.c_str()) != 1) {
    return TlsError("curve_preferences cannot be used");
  }
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (config.prefer_server_cipher_suites) {
    SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE);
  }
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  return absl::OkStatus();
}

int SelectProtocol(SSL*, const unsigned char** out, unsigned char* out_size,
                   const unsigned char* in, unsigned int in_size, void*) {
  static constexpr unsigned char kHttp11[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kHttp11, sizeof kHttp11 - 1, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED) {
    return SSL_TLSEXT_ERR_NOACK;
  }
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

}  // namespace

std::optional<std::string_view> CipherByGoName(std::string_view name) {
  return Find(kCiphers, name);
}
std::optional<std::string_view> CurveByGoName(std::string_view name) { return Find(kCurves, name); }

absl::StatusOr<std::shared_ptr<SSL_CTX>> NewTlsContext(const TlsServerConfig& config) {
  ERR_clear_error();
  auto policy = std::make_shared<ClientPolicy>();
  const std::shared_ptr<SSL_CTX> context(
      SSL_CTX_new(TLS_server_method()), [policy](SSL_CTX* one) { SSL_CTX_free(one); });
  if (context == nullptr) return TlsError("TLS cannot be set up");
  RETURN_IF_ERROR(UseAlgorithms(context.get(), config));
  RETURN_IF_ERROR(UseKeyPair(context.get(), config));
  RETURN_IF_ERROR(UseClientAuth(context.get(), config, *policy));
  SSL_CTX_set_alpn_select_cb(context.get(), SelectProtocol, nullptr);
  // Sessions may be resumed only where they were checked by the same rules.
  std::array<unsigned char, 32> id;
  if (RAND_bytes(id.data(), id.size()) != 1) return TlsError("TLS cannot be set up");
  SSL_CTX_set_session_id_context(context.get(), id.data(), id.size());
  return context;
}

}  // namespace sloburn::web
