// SPDX-License-Identifier: Apache-2.0
// For loops over whole columns: compiled once for every x86-64 and once for those with AVX2, chosen
// when the program starts. Both round alike; neither fuses multiplications with additions.
//
//   SLOBURN_MULTIVERSION void AddAll(double* sums, const double* values, size_t size) { ... }
//
// Only for functions that are not inline. The loader's choice runs before a sanitizer is set up,
// so under those there is one version.
#pragma once

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__OPTIMIZE__) && \
    !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SLOBURN_MULTIVERSION __attribute__((target_clones("avx2", "default")))
#else
#define SLOBURN_MULTIVERSION
#endif
