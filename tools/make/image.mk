# The initramfs (a cpio "newc" archive) and the bootable ISO.

INITRAMFS := $(OUT)/initramfs.cpio

$(call remember,$(OUT)/image-sources,$(BIN) $(TESTS) $(DATA))

.PHONY: initramfs iso
initramfs: $(INITRAMFS)

$(INITRAMFS): $(BIN) $(TESTS) $(DATA) tools/mkinitramfs $(OUT)/image-sources
	$(call say,CPIO,$@)
	$(Q)OBJCOPY='$(OBJCOPY)' tools/mkinitramfs $@ $(BIN) $(TESTS) $(if $(DATA),$(U)/tests/data)

iso: $(OUT)/pleat.iso

$(OUT)/pleat.iso: $(KERNEL) $(INITRAMFS) tools/mkiso boot/grub.cfg
	$(call say,ISO,$@)
	$(Q)tools/mkiso $@ $(KERNEL) $(INITRAMFS)
