#pragma once
#include <stdint.h>

/// How many edges of instrumented code have been passed so far.
uint64_t spondee_edges(void);

/// Tells libFuzzer how much of what is allowed an input has cost, in percent: an input that costs more than all before is kept.
void spondee_report_share(uint64_t percent);
