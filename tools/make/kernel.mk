# The kernel: every source in its rooms, linked twice so that the image holds its own symbol table.

K      := $(OUT)/$(BUILD)$(VARIANT)
KERNEL := $(K)/pleat.elf

KERNEL_SRC := \
	$(sort $(wildcard boot/*.S arch/x86_64/*.S arch/x86_64/*.c kernel/*.c kernel/*/*.c mm/*.c))
KERNEL_OBJ := $(addprefix $(K)/obj/,$(addsuffix .o,$(basename $(KERNEL_SRC))))
MM_OBJ     := $(filter $(K)/obj/mm/%,$(KERNEL_OBJ))

$(call remember,$(K)/flags,$(CC) $(KERNEL_FLAGS))
$(call remember,$(K)/sources,$(KERNEL_SRC))

.PHONY: kernel
kernel: $(KERNEL) $(K)/libmm.a

$(K)/obj/%.o: %.c $(K)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(KERNEL_FLAGS) -c $< -o $@

$(K)/obj/%.o: %.S $(K)/flags
	$(call say,AS,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(KERNEL_FLAGS) -D__ASSEMBLER__ -c $< -o $@

KERNEL_LINK = $(LD) -T linker.ld -nostdlib -static -z noexecstack -z max-page-size=4096 \
	--build-id=none

# The first link has an empty symbol table (the symbols are weak); the second has that of the
# first. Names and addresses of functions agree because the table lies behind the text; if a link
# ever moves them, this fails.
$(KERNEL): $(KERNEL_OBJ) linker.ld tools/mksyms $(K)/sources
	$(call say,LD,$@)
	$(Q)$(KERNEL_LINK) -o $(K)/pass1.elf $(KERNEL_OBJ)
	$(Q)$(NM) -n $(K)/pass1.elf | tools/mksyms >$(K)/ksyms.S
	$(Q)$(CC) -c $(K)/ksyms.S -o $(K)/ksyms.o
	$(Q)$(KERNEL_LINK) -o $@ $(KERNEL_OBJ) $(K)/ksyms.o
	$(Q)$(NM) -n $@ | tools/mksyms | cmp -s - $(K)/ksyms.S || \
		{ echo '$@: the symbol table moved the functions it describes' >&2; exit 1; }
	$(Q)rm -f $(K)/pass1.elf

$(K)/libmm.a: $(MM_OBJ) $(K)/sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $(MM_OBJ)

-include $(KERNEL_OBJ:.o=.d)
