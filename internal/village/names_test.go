package village

import (
	"testing"

	"hefen/internal/clock"
)

func TestPinyin(t *testing.T) {
	for name, want := range map[string][2]string{
		"张三": {"zhang san", "zs"}, "单于": {"shan yu", "sy"}, "欧阳小华": {"ou yang xiao hua", "oyxh"}, "尉迟恭": {"yu chi gong", "ycg"},
		"曾": {"ceng", "c"}, "曾国": {"zeng guo", "zg"}, "阿依古丽·买买提": {"a yi gu li mai mai ti", "ayglmmt"}, "Li 3": {"l i 3", "li3"}, "": {"", ""}, "，": {"", ""},
	} {
		if full, ini := Pinyin(name); full != want[0] || ini != want[1] {
			t.Errorf("%s: %q %q", name, full, ini)
		}
	}
}

func TestMasks(t *testing.T) {
	for name, want := range map[string]string{"": "", "张": "*", "张三": "张*", "张小三": "张*三", "欧阳小华": "欧**华", "阿依古丽·买买提": "阿****提"} {
		if got := MaskName(name); got != want {
			t.Errorf("%s: %s", name, got)
		}
	}
	for phone, want := range map[string]string{"13800138000": "138****8000", "": "", "1234567": "*******", "074512345678": "074****5678"} {
		if got := MaskPhone(phone); got != want {
			t.Errorf("%s: %s", phone, got)
		}
	}
}

func TestIDNo(t *testing.T) {
	today := clock.MakeDay(2026, 6, 1)
	no, born, problem := parseIDNo("11010519491231002x", today)
	if no != "11010519491231002X" || born != 19491231 || problem != "" {
		t.Errorf("%s %d %s", no, born, problem)
	}
	for _, bad := range []string{"110105194912310021", "4.31229E+17", "110105491231002", "11010519491331002X", "1101051949123100", "１1010519491231002X", "11010520491231002X"} {
		if _, _, problem := parseIDNo(bad, today); problem == "" {
			t.Errorf("%s is accepted", bad)
		}
	}
	if !Minor(20080602, today) || Minor(20080601, today) || Minor(0, today) {
		t.Error("minors")
	}
}

func TestPhoneAndBirthday(t *testing.T) {
	for in, want := range map[string]string{"138-0013-8000": "13800138000", "+86 13800138000": "13800138000", "0745-8222222": "07458222222", "12800138000": "", "1380013800": "", "138001380001": "", "abc": "", "1": ""} {
		if got, problem := parsePhone(in); got != want || (problem == "") != (want != "") {
			t.Errorf("%s: %s %s", in, got, problem)
		}
	}
	for in, want := range map[string]clock.Day{"1980-1-2": 19800102, "1980/01/02": 19800102, "1980年1月2日": 19800102, "19800102": 19800102, "2030-01-01": 0, "01-02-80": 0, "1980-02-30": 0, "": 0} {
		if got, problem := parseBorn(in, 20260601); got != want || (problem == "") != (want != 0) {
			t.Errorf("%s: %d %s", in, got, problem)
		}
	}
}

func TestNamesOfPersons(t *testing.T) {
	for name, good := range map[string]bool{"罗立新": true, "买买提·吐尔逊": true, "Anna Li": true, "": false, " ": false, "\u3000": false, " 罗立新": false, "罗3": false, "罗\x00": false} {
		if goodName(name) != good {
			t.Errorf("%q: %t", name, !good)
		}
	}
}

func TestDayOfBirth(t *testing.T) {
	for day, good := range map[clock.Day]bool{0: true, 19000101: true, 20260521: true, 10101: false, 18991231: false, 20260230: false, 20260522: false} {
		if _, fields := checkMember(NewMember{Name: "罗立新", Relation: "儿子", BornOn: day}, 20260521, ""); (fields == nil) != good {
			t.Errorf("%d: %+v", day, fields)
		}
	}
}
