# ./dev does the work; these are its names for those who type make.
.PHONY: setup demo test check bench

setup check:
	@./dev $@

demo test bench:
	@./dev $@ $(ARGS)
