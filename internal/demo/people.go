package demo

import (
	"fmt"
	"math/rand/v2"

	"hefen/internal/clock"
	"hefen/internal/id"
	"hefen/internal/village"
)

var (
	surnames  = []string{"杨", "吴", "龙", "石", "黄", "李", "张", "刘", "陈", "姚", "潘", "唐", "蒋", "周", "罗", "谢", "邓", "曾", "彭", "明"}
	maleNames = []string{"建国", "志强", "光明", "长生", "永福", "德贵", "家旺", "宏林", "春生", "大勇", "正义", "昌盛", "世平", "文才", "金山",
		"绍华", "立新", "祖德", "运来", "海涛", "少军", "小兵", "浩然", "子轩", "宇航"}
	femaleNames = []string{"桂花", "秀英", "玉兰", "菊香", "美莲", "春梅", "冬秀", "翠萍", "银花", "丽娟", "小燕", "凤仙", "月娥", "彩霞", "红梅",
		"淑珍", "金莲", "晓芳", "雪梅", "慧敏", "欣怡", "雨涵", "梦洁"}
	flagChances = []struct {
		flag    string
		percent int
	}{{"党员户", 14}, {"脱贫户", 12}, {"监测户", 4}, {"低保户", 5}, {"军属户", 3}}
)

// family invents a household of one to six people. Ages are as of the first day of history.
func family(r *rand.Rand, number string, group id.ID, first clock.Day) village.NewHousehold {
	surname := pick(r, surnames)
	born := func(from, to int) clock.Day { // years of age
		return clock.MakeDay(first.Year()-from-r.IntN(to-from+1), 1+r.IntN(12), 1+r.IntN(28))
	}
	h := village.NewHousehold{Number: number, Group: group, Status: village.Resident}
	add := func(name, relation string, birth clock.Day) {
		for _, m := range h.Members {
			if m.Name == name {
				name += "儿"
			}
		}
		h.Members = append(h.Members, village.NewMember{Name: name, Relation: relation, BornOn: birth})
	}
	old := r.IntN(100) < 35
	if old {
		add(surname+pick(r, maleNames[:12]), "户主", born(62, 80))
		if r.IntN(100) < 65 {
			add(pick(r, surnames)+pick(r, femaleNames[:16]), "配偶", born(60, 78))
		}
	} else {
		add(surname+pick(r, maleNames[:20]), "户主", born(35, 58))
		add(pick(r, surnames)+pick(r, femaleNames[:19]), "配偶", born(33, 56))
		for range r.IntN(3) {
			if r.IntN(2) == 0 {
				add(surname+pick(r, maleNames[18:]), "儿子", born(5, 24))
			} else {
				add(surname+pick(r, femaleNames[16:]), "女儿", born(5, 24))
			}
		}
		if r.IntN(100) < 25 {
			add(pick(r, surnames)+pick(r, femaleNames[:12]), "母亲", born(62, 82))
		}
	}
	for _, f := range flagChances {
		if r.IntN(100) < f.percent {
			h.Flags = append(h.Flags, f.flag)
		}
	}
	return h
}

// householdNumber is the number on the door: group and running number.
func householdNumber(group, n int) string { return fmt.Sprintf("%d%03d", group, n) }
