#include <stddef.h>
#include <stdint.h>

/// libFuzzer's own changes, for a mutator that wants them as well. libFuzzer defines it.
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t most);
